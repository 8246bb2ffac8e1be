package dev.temper.tensor;

import ai.djl.ndarray.types.DataType;
import org.jspecify.annotations.Nullable;

/** Element types of a {@link Tensor}. {@link #BF16} lives in native memory only. */
public enum DType {
  /** 32-bit float. */
  F32(6, 4, DataType.FLOAT32),
  /** 64-bit float. */
  F64(7, 8, DataType.FLOAT64),
  /** IEEE half precision. */
  F16(5, 2, DataType.FLOAT16),
  /** bfloat16: the upper half of a float. */
  BF16(15, 2, null),
  /** 64-bit integer: ids and indices. */
  I64(4, 8, DataType.INT64),
  /** 32-bit integer. */
  I32(3, 4, DataType.INT32),
  /** 8-bit integer. */
  I8(1, 1, DataType.INT8),
  /** Unsigned byte. */
  U8(0, 1, DataType.UINT8),
  /** Boolean, one byte each. */
  BOOL(11, 1, DataType.BOOLEAN);

  private final int torchCode;
  private final int bytes;
  // Null for BF16: creating that type from Java aborts the JVM, so the engine is never asked for
  // it.
  private final @Nullable DataType engineType;

  DType(int torchCode, int bytes, @Nullable DataType engineType) {
    this.torchCode = torchCode;
    this.bytes = bytes;
    this.engineType = engineType;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }

  /** Whether values of this type can carry gradients. */
  public boolean isFloating() {
    return this == F32 || this == F64 || this == F16 || this == BF16;
  }

  int torchCode() {
    return torchCode;
  }

  DataType engineType() {
    if (engineType == null) {
      throw new IllegalArgumentException(
          this + " cannot be created from host data; create F32 and call cast(DType.BF16)");
    }
    return engineType;
  }

  static DType of(DataType type) {
    return switch (type) {
      case FLOAT32 -> F32;
      case FLOAT64 -> F64;
      case FLOAT16 -> F16;
      case INT64 -> I64;
      case INT32 -> I32;
      case INT8 -> I8;
      case UINT8 -> U8;
      case BOOLEAN -> BOOL;
      // The engine has no name for bfloat16; no other type without a name is ever created here.
      default -> BF16;
    };
  }
}
