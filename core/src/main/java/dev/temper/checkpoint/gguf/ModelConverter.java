package dev.temper.checkpoint.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.checkpoint.AtomicFiles;
import dev.temper.checkpoint.Checkpoint;
import dev.temper.checkpoint.CheckpointException;
import dev.temper.checkpoint.CheckpointWriter;
import dev.temper.checkpoint.ConfigJson;
import dev.temper.checkpoint.Floats;
import dev.temper.checkpoint.StoredType;
import dev.temper.checkpoint.TensorInfo;
import dev.temper.checkpoint.TensorSource;
import dev.temper.text.GgufVocabulary;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Converts models between Hugging Face directories and GGUF files, and between element types and
 * shard sizes. One tensor at a time is in memory.
 *
 * @param type element type of the matrices; null keeps what is there (a GGUF file read into a
 *     directory becomes F32, because only that holds dequantised values exactly)
 * @param maxShardBytes largest safetensors file
 * @param progress told of every tensor written
 */
public record ModelConverter(
    @Nullable ConvertType type, long maxShardBytes, GgufWriter.Progress progress) {
  private static final List<String> BESIDE =
      List.of(
          "generation_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "chat_template.jinja",
          "chat_template.json",
          "vocab.json",
          "merges.txt",
          "vocab.txt",
          "tokenizer.model",
          "spiece.model");

  private static final long MAX_BESIDE_BYTES = 256L << 20;

  /**
   * Checks the shard size.
   *
   * @throws IllegalArgumentException if it is not positive
   */
  public ModelConverter {
    if (maxShardBytes < 1) {
      throw new IllegalArgumentException(
          "maxShardBytes is " + maxShardBytes + "; it must be positive");
    }
  }

  /** A converter that keeps element types, with Hugging Face's shard size and no progress. */
  public static ModelConverter keeping() {
    return new ModelConverter(
        null, CheckpointWriter.DEFAULT_SHARD_BYTES, (done, total, name) -> {});
  }

  /** The same with an element type. */
  public ModelConverter to(ConvertType newType) {
    return new ModelConverter(newType, maxShardBytes, progress);
  }

  /**
   * Converts.
   *
   * @param in a Hugging Face directory or a GGUF file
   * @param out a GGUF file if its name ends in {@code .gguf}, else a directory
   * @throws CheckpointException if {@code in} is damaged or cannot be translated, or {@code out}
   *     cannot be written; what was there before then stays
   */
  public void convert(Path in, Path out) {
    if (Files.exists(out) && sameFile(in, out)) {
      throw new CheckpointException(out + ": is the model to convert itself; name another place");
    }
    boolean toGguf = out.toString().endsWith(".gguf");
    if (toGguf && Files.isDirectory(out)) {
      throw new CheckpointException(out + ": is a directory, but its name says it is a GGUF file");
    }
    if (!toGguf && Files.isRegularFile(out)) {
      throw new CheckpointException(
          out + ": is a file; name a directory, or a file whose name ends in .gguf");
    }
    if (!toGguf && type != null && type.stored().isEmpty()) {
      throw new CheckpointException(
          out + ": " + type + " is written to GGUF files only; give the output the ending .gguf");
    }
    if (GgufFile.isGguf(in)) {
      GgufModel model = GgufModel.open(in);
      if (toGguf) {
        fromGguf(model, out);
      } else {
        toDirectory(model, out);
      }
    } else if (Files.isDirectory(in)) {
      if (toGguf) {
        fromDirectory(in, out);
      } else {
        copyDirectory(in, out);
      }
    } else {
      throw new CheckpointException(in + ": is neither a model directory nor a GGUF file");
    }
  }

  private static boolean sameFile(Path a, Path b) {
    try {
      return Files.exists(a) && Files.isSameFile(a, b);
    } catch (IOException e) {
      throw new CheckpointException(a + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private void fromDirectory(Path in, Path out) {
    ObjectNode config = ConfigJson.read(in);
    refuseQuantized(in, config);
    Checkpoint checkpoint = Checkpoint.open(in);
    GgufExport export = new GgufExport(in.resolve(ConfigJson.FILE).toString(), config);
    List<GgufExport.Source> sources = new ArrayList<>();
    for (String name : checkpoint.names()) {
      TensorInfo info = checkpoint.info(name);
      sources.add(
          new GgufExport.Source(name, info.shape(), () -> checkpoint.floats(name)));
    }
    Optional<GgufVocabulary> vocabulary =
        Files.isRegularFile(in.resolve("tokenizer.json"))
            ? Optional.of(GgufVocabulary.of(in, config.path("vocab_size").asInt()))
            : Optional.empty();
    export.write(
        out,
        sources,
        name -> type == null ? kept(checkpoint.info(name).type()) : type.gguf(),
        fileType(
            checkpoint.names().stream().map(n -> kept(checkpoint.info(n).type())).toList()),
        vocabulary,
        progress);
  }

  private static GgufType kept(StoredType stored) {
    return switch (stored) {
      case F16 -> GgufType.F16;
      case BF16 -> GgufType.BF16;
      default -> GgufType.F32;
    };
  }

  private void fromGguf(GgufModel model, Path out) {
    GgufExport export = new GgufExport(model.file().path().toString(), model.config());
    List<GgufExport.Source> sources =
        model.names().stream()
            .map(n -> new GgufExport.Source(n, model.shape(n), () -> model.floats(n)))
            .toList();
    export.write(
        out,
        sources,
        name -> type == null ? kept(model.info(name)) : type.gguf(),
        fileType(model.names().stream().map(n -> kept(model.info(n))).toList()),
        VocabularyMetadata.read(model.file()),
        progress);
  }

  private static GgufType kept(GgufTensor t) {
    return t.type().writable() ? t.type() : GgufType.F32;
  }

  /** What a file is mostly made of: the type asked for, or the narrowest that is kept. */
  private int fileType(List<GgufType> kept) {
    if (type != null) {
      return type.fileType();
    }
    for (ConvertType t :
        List.of(
            ConvertType.Q4_0, ConvertType.Q8_0, ConvertType.FLOAT16, ConvertType.BFLOAT16)) {
      if (kept.contains(t.gguf())) {
        return t.fileType();
      }
    }
    return ConvertType.FLOAT32.fileType();
  }

  private void toDirectory(GgufModel model, Path out) {
    ConvertType wanted = type == null ? ConvertType.FLOAT32 : type;
    StoredType stored = wanted.stored().orElseThrow();
    ObjectNode config = model.config();
    config.put("torch_dtype", wanted.configName()).put("dtype", wanted.configName());
    Map<String, byte[]> tokenizer = model.tokenizerFiles();
    AtomicInteger done = new AtomicInteger();
    int total = model.names().size();
    List<TensorSource> tensors = new ArrayList<>();
    for (String name : model.names()) {
      long[] shape = model.shape(name).stream().mapToLong(Long::longValue).toArray();
      tensors.add(
          TensorSource.floats(
              name,
              stored,
              shape,
              () -> {
                float[] values = fitting(model.file().path(), name, stored, model.floats(name));
                progress.onTensor(done.incrementAndGet(), total, name);
                return values;
              }));
    }
    createDirectory(out);
    CheckpointWriter.writeDirectory(out, tensors, maxShardBytes);
    tokenizer.forEach((name, bytes) -> writeBytes(out.resolve(name), bytes));
    ConfigJson.write(out, config);
  }

  private void copyDirectory(Path in, Path out) {
    ObjectNode config = ConfigJson.read(in);
    if (type != null) {
      refuseQuantized(in, config);
      for (String key : List.of("dtype", "torch_dtype")) {
        if (config.has(key)) {
          config.put(key, type.configName());
        }
      }
    }
    Checkpoint checkpoint = Checkpoint.open(in);
    AtomicInteger done = new AtomicInteger();
    int total = checkpoint.names().size();
    List<TensorSource> tensors = new ArrayList<>();
    for (String name : checkpoint.names()) {
      TensorInfo info = checkpoint.info(name);
      StoredType stored = storedType(info.type());
      tensors.add(
          new TensorSource(
              name,
              stored,
              info.shape(),
              () -> {
                ByteBuffer bytes =
                    stored == info.type()
                        ? checkpoint.bytes(name)
                        : TensorSource.floats(
                                name,
                                stored,
                                info.dims(),
                                () -> fitting(in, name, stored, checkpoint.floats(name)))
                            .bytes()
                            .get();
                progress.onTensor(done.incrementAndGet(), total, name);
                return bytes;
              }));
    }
    createDirectory(out);
    CheckpointWriter.writeDirectory(out, tensors, maxShardBytes);
    for (String name : BESIDE) {
      copyBeside(in.resolve(name), out.resolve(name));
    }
    ConfigJson.write(out, config);
  }

  private StoredType storedType(StoredType from) {
    boolean real =
        from == StoredType.F32
            || from == StoredType.F16
            || from == StoredType.BF16
            || from == StoredType.F64;
    return type == null || !real ? from : type.stored().orElseThrow();
  }

  /** Values that a half would turn into infinity are an error, not a surprise later. */
  private static float[] fitting(Path where, String name, StoredType type, float[] values) {
    if (type == StoredType.F16) {
      for (float v : values) {
        if (Float.isFinite(v) && Float.isInfinite(Floats.fromF16(Floats.toF16(v)))) {
          throw new CheckpointException(
              where
                  + ": tensor '"
                  + name
                  + "' holds "
                  + v
                  + ", beyond the largest half, 65504; use bfloat16 or float32");
        }
      }
    }
    return values;
  }

  private static void refuseQuantized(Path in, ObjectNode config) {
    if (config.path("quantization_config").isObject()) {
      throw new CheckpointException(
          in.resolve(ConfigJson.FILE)
              + ": the model is quantized ("
              + config.path("quantization_config").path("quant_method").asText("unknown method")
              + "); its packed weights cannot be converted to another type");
    }
  }

  private static void createDirectory(Path out) {
    try {
      if (!Files.isDirectory(out)) {
        Files.createDirectories(out);
      }
    } catch (IOException e) {
      throw new CheckpointException(out + ": cannot be created: " + e.getMessage(), e);
    }
  }

  private static void copyBeside(Path from, Path to) {
    try {
      if (!Files.isRegularFile(from)) {
        return;
      }
      if (Files.size(from) > MAX_BESIDE_BYTES) {
        throw new CheckpointException(
            from + ": has " + Files.size(from) + " bytes, more than such a file can have");
      }
      writeBytes(to, Files.readAllBytes(from));
    } catch (IOException e) {
      throw new CheckpointException(from + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static void writeBytes(Path to, byte[] bytes) {
    AtomicFiles.write(
        to,
        channel -> {
          ByteBuffer buffer = ByteBuffer.wrap(bytes);
          while (buffer.hasRemaining()) {
            channel.write(buffer);
          }
        });
  }
}
