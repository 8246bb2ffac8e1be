package dev.temper.convert;

import dev.temper.checkpoint.StoredType;
import dev.temper.checkpoint.gguf.GgufType;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Element types a model can be converted to. */
public enum ConvertType {
  /** 32-bit float. */
  FLOAT32(GgufType.F32, StoredType.F32, 0),
  /** IEEE half. */
  FLOAT16(GgufType.F16, StoredType.F16, 1),
  /** bfloat16. */
  BFLOAT16(GgufType.BF16, StoredType.BF16, 32),
  /** 8 bits in blocks of 32; GGUF only. */
  Q8_0(GgufType.Q8_0, null, 7),
  /** 4 bits in blocks of 32; GGUF only. */
  Q4_0(GgufType.Q4_0, null, 2);

  private final GgufType gguf;
  private final @Nullable StoredType stored;
  private final int fileType;

  ConvertType(GgufType gguf, @Nullable StoredType stored, int fileType) {
    this.gguf = gguf;
    this.stored = stored;
    this.fileType = fileType;
  }

  /** The type in a GGUF file. */
  public GgufType gguf() {
    return gguf;
  }

  /** The type in a safetensors file; empty for quantized types. */
  public Optional<StoredType> stored() {
    return Optional.ofNullable(stored);
  }

  /** What {@code general.file_type} says of a file made mostly of this type. */
  int fileType() {
    return fileType;
  }

  /** The name in config.json; of floating-point types only. */
  String configName() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
