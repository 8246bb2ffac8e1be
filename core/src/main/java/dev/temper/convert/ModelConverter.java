package dev.temper.convert;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.checkpoint.AtomicFiles;
import dev.temper.checkpoint.Checkpoint;
import dev.temper.checkpoint.CheckpointException;
import dev.temper.checkpoint.CheckpointWriter;
import dev.temper.checkpoint.ConfigJson;
import dev.temper.checkpoint.StoredType;
import dev.temper.checkpoint.TensorData;
import dev.temper.checkpoint.TensorSource;
import dev.temper.checkpoint.gguf.GgufExport;
import dev.temper.checkpoint.gguf.GgufFile;
import dev.temper.checkpoint.gguf.GgufModel;
import dev.temper.checkpoint.gguf.GgufType;
import dev.temper.checkpoint.gguf.GgufValue;
import dev.temper.checkpoint.gguf.GgufWriter;
import dev.temper.checkpoint.gguf.Values;
import dev.temper.text.GgufVocabulary;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Converts models between Hugging Face directories and GGUF files, and between element types and
 * shard sizes. A few megabytes of one tensor at a time are in memory.
 *
 * @param type element type of the matrices; null keeps what is there. (Out of a GGUF file's
 *     quantized types, Q8_0 and Q4_0 can be kept in another GGUF file; everything else becomes F32,
 *     which holds it exactly.)
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
   * @param out a GGUF file if its name ends in {@code .gguf}, else a directory, whose model files
   *     are replaced
   * @throws CheckpointException if {@code in} is damaged or cannot be translated, or {@code out}
   *     cannot be written; what was there before then stays
   */
  public void convert(Path in, Path out) {
    boolean toGguf = out.toString().endsWith(".gguf");
    check(in, out, toGguf);
    Model model = GgufFile.isGguf(in) ? fromGguf(in) : fromDirectory(in);
    if (toGguf) {
      writeGguf(model, out);
    } else {
      writeDirectory(model, out);
    }
  }

  /**
   * A model to convert.
   *
   * @param where the place of its configuration, for messages
   * @param kept the type of a tensor if nothing else is asked for
   * @param vocabulary its tokenizer for a GGUF file
   * @param files what lies beside the weights in a directory, but config.json
   */
  private record Model(
      String where,
      ObjectNode config,
      Checkpoint tensors,
      Function<String, GgufType> kept,
      java.util.function.Supplier<Map<String, GgufValue>> vocabulary,
      Map<String, byte[]> files) {}

  private void check(Path in, Path out, boolean toGguf) {
    if (!GgufFile.isGguf(in) && !Files.isDirectory(in)) {
      throw new CheckpointException(in + ": is neither a model directory nor a GGUF file");
    }
    try {
      if (Files.exists(out) && Files.isSameFile(in, out)) {
        throw new CheckpointException(out + ": is the model to convert itself; name another place");
      }
    } catch (IOException e) {
      throw new CheckpointException(out + ": cannot be read: " + e.getMessage(), e);
    }
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
  }

  private Model fromGguf(Path in) {
    GgufModel model = GgufModel.open(in);
    var vocabulary = GgufVocabulary.read(model.file());
    return new Model(
        in.toString(),
        model.config(),
        model.checkpoint(),
        name -> {
          GgufType stored = model.info(name).type();
          return stored.writable() ? stored : GgufType.F32;
        },
        () -> vocabulary.map(GgufVocabulary::metadata).orElse(Map.of()),
        GgufVocabulary.filesOf(model.file()));
  }

  private Model fromDirectory(Path in) {
    ObjectNode config = ConfigJson.read(in);
    Checkpoint checkpoint = Checkpoint.open(in);
    Map<String, byte[]> files = new LinkedHashMap<>();
    for (String name : BESIDE) {
      Path file = in.resolve(name);
      if (Files.isRegularFile(file)) {
        files.put(name, read(file));
      }
    }
    return new Model(
        in.resolve(ConfigJson.FILE).toString(),
        config,
        checkpoint,
        name ->
            switch (checkpoint.info(name).type()) {
              case F16 -> GgufType.F16;
              case BF16 -> GgufType.BF16;
              default -> GgufType.F32;
            },
        () ->
            files.containsKey("tokenizer.json")
                ? GgufVocabulary.of(in, config.path("vocab_size").asInt()).metadata()
                : Map.of(),
        files);
  }

  private void writeGguf(Model model, Path out) {
    refuseQuantized(model);
    List<TensorSource> tensors =
        model.tensors().names().stream().map(model.tensors()::source).toList();
    new GgufExport(model.where(), model.config())
        .write(
            out,
            tensors,
            type == null ? model.kept() : name -> type.gguf(),
            fileType(tensors.stream().map(t -> model.kept().apply(t.name())).toList()),
            model.vocabulary().get(),
            progress);
  }

  /** What a file is mostly made of: the type asked for, or the narrowest that is kept. */
  private int fileType(List<GgufType> kept) {
    if (type != null) {
      return type.fileType();
    }
    for (ConvertType t :
        List.of(ConvertType.Q4_0, ConvertType.Q8_0, ConvertType.FLOAT16, ConvertType.BFLOAT16)) {
      if (kept.contains(t.gguf())) {
        return t.fileType();
      }
    }
    return ConvertType.FLOAT32.fileType();
  }

  private void writeDirectory(Model model, Path out) {
    ObjectNode config = model.config();
    if (type != null) {
      refuseQuantized(model);
      for (String key : List.of("dtype", "torch_dtype")) {
        if (config.has(key)) {
          config.put(key, type.configName());
        }
      }
    }
    AtomicInteger done = new AtomicInteger();
    int total = model.tensors().names().size();
    List<TensorSource> tensors = new ArrayList<>();
    for (String name : model.tensors().names()) {
      TensorSource t = converted(model, model.tensors().source(name));
      tensors.add(told(t, () -> progress.onTensor(done.incrementAndGet(), total, name)));
    }
    AtomicFiles.replaceDirectory(
        out,
        name ->
            CheckpointWriter.isWeights(name)
                || name.equals(ConfigJson.FILE)
                || BESIDE.contains(name),
        staged -> {
          CheckpointWriter.fill(staged, tensors, maxShardBytes);
          model.files().forEach((name, bytes) -> write(staged.resolve(name), bytes));
          ConfigJson.write(staged, config);
        });
  }

  private TensorSource converted(Model model, TensorSource t) {
    boolean real =
        t.type() == StoredType.F32
            || t.type() == StoredType.F16
            || t.type() == StoredType.BF16
            || t.type() == StoredType.F64;
    StoredType wanted = type == null ? t.type() : type.stored().orElse(t.type());
    if (!real || wanted == t.type()) {
      return t;
    }
    Values values = Values.of(t);
    if (wanted == StoredType.F16) {
      values = fitting(model, t.name(), values);
    }
    return values.tensor(t.name(), t.shape()).as(wanted);
  }

  /** Values that a half would turn into infinity are an error, not a surprise later. */
  private static Values fitting(Model model, String name, Values values) {
    return (from, out, at, count) -> {
      values.read(from, out, at, count);
      for (int i = at; i < at + count; i++) {
        if (Float.isFinite(out[i]) && Math.abs(out[i]) >= 65520) {
          throw new CheckpointException(
              model.where()
                  + ": tensor '"
                  + name
                  + "' holds "
                  + out[i]
                  + ", beyond the largest half, 65504; use bfloat16 or float32");
        }
      }
    };
  }

  /** The same tensor, whose last byte being read is told. */
  private static TensorSource told(TensorSource t, Runnable read) {
    TensorData data = t.data();
    return new TensorSource(
        t.name(),
        t.type(),
        t.shape(),
        new TensorData() {
          @Override
          public void read(long offset, ByteBuffer into) {
            long end = offset + into.remaining();
            data.read(offset, into);
            if (end == t.byteSize()) {
              read.run();
            }
          }
        });
  }

  private static void refuseQuantized(Model model) {
    if (model.config().path("quantization_config").isObject()) {
      throw new CheckpointException(
          model.where()
              + ": the model is quantized ("
              + model.config().path("quantization_config").path("quant_method").asText("unknown")
              + "); its packed weights cannot be converted to another type");
    }
  }

  private static byte[] read(Path file) {
    try {
      if (Files.size(file) > MAX_BESIDE_BYTES) {
        throw new CheckpointException(
            file + ": has " + Files.size(file) + " bytes, more than such a file can have");
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new CheckpointException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static void write(Path to, byte[] bytes) {
    AtomicFiles.write(
        to,
        channel -> {
          ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
          while (buffer.hasRemaining()) {
            channel.write(buffer);
          }
        });
  }
}
