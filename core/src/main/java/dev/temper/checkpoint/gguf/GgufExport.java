package dev.temper.checkpoint.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.checkpoint.CheckpointException;
import dev.temper.checkpoint.TensorSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Writes a Hugging Face model as a GGUF file.
 *
 * <p>Vectors stay F32, and so do all norms. Rows that are no whole number of a quantized type's
 * blocks become F16. With Q4_0 the embedding and the head become Q8_0, because everything a model
 * reads and says passes through them.
 *
 * <p>Architectures: llama (also a mistral without sliding window), qwen2, qwen3, gemma2, phi3
 * (without longrope).
 */
public final class GgufExport {
  private final String where;
  private final ObjectNode config;
  private final GgufArchitecture architecture;

  /**
   * An export.
   *
   * @param where the place of {@code config.json}, for messages
   * @throws CheckpointException if the family cannot be translated
   */
  public GgufExport(String where, ObjectNode config) {
    this.where = where;
    this.config = config.deepCopy();
    String type = config.path("model_type").asText();
    // A Mistral model without a sliding window is a Llama model to llama.cpp.
    this.architecture =
        GgufArchitecture.named(type.equals("mistral") ? "llama" : type, where + ": model_type");
  }

  /**
   * Writes the file; an existing one is replaced in one step.
   *
   * @param tensors with Hugging Face's names and layout
   * @param typeOf which type a matrix of a name is to have
   * @param fileType {@code general.file_type}: what the file is mostly made of
   * @param vocabulary key-value pairs of the tokenizer
   * @throws CheckpointException if a tensor has no place in a GGUF file, or the model computes
   *     something that llama.cpp would compute differently
   */
  public void write(
      Path out,
      List<TensorSource> tensors,
      Function<String, GgufType> typeOf,
      int fileType,
      Map<String, GgufValue> vocabulary,
      GgufWriter.Progress progress) {
    Map<String, GgufValue> metadata = new LinkedHashMap<>();
    metadata.put("general.architecture", new GgufValue.Text(architecture.modelType()));
    metadata.put("general.type", new GgufValue.Text("model"));
    metadata.put(
        "general.name",
        new GgufValue.Text(config.path("_name_or_path").asText(architecture.modelType())));
    metadata.putAll(ConfigToGguf.of(where, config, architecture));
    metadata.put("general.file_type", new GgufValue.Whole(GgufValue.Kind.UINT32, fileType));
    metadata.put("general.quantization_version", new GgufValue.Whole(GgufValue.Kind.UINT32, 2));
    metadata.putAll(vocabulary.isEmpty() ? roles() : vocabulary);
    List<GgufTensorSource> sources = new ArrayList<>();
    ConfigToGguf.ropeFactors(config)
        .ifPresent(
            f ->
                sources.add(
                    new GgufTensorSource(
                        "rope_freqs.weight",
                        GgufType.F32,
                        List.of((long) f.length),
                        Values.of(f))));
    boolean tied =
        config.path("tie_word_embeddings").asBoolean(architecture.modelType().equals("gemma2"));
    for (TensorSource t : tensors) {
      if (!(tied && t.name().equals("lm_head.weight"))) {
        sources.add(tensor(t, typeOf.apply(t.name())));
      }
    }
    GgufWriter.write(out, metadata, sources, progress);
  }

  /** Ids of tokens with a role, which a model has even where no vocabulary is known. */
  private Map<String, GgufValue> roles() {
    Map<String, GgufValue> out = new LinkedHashMap<>();
    new TreeMap<>(Map.of("bos", "bos", "eos", "eos", "pad", "padding"))
        .forEach(
            (name, gguf) -> {
              // Some models have several ends; a GGUF file has one.
              JsonNode given = config.path(name + "_token_id");
              JsonNode id = given.isArray() ? given.path(0) : given;
              if (id.isInt() && id.intValue() >= 0) {
                out.put(
                    "tokenizer.ggml." + gguf + "_token_id",
                    new GgufValue.Whole(GgufValue.Kind.UINT32, id.intValue()));
              }
            });
    return out;
  }

  private GgufTensorSource tensor(TensorSource t, GgufType wanted) {
    String name =
        architecture
            .toGguf(t.name())
            .orElseThrow(
                () ->
                    new CheckpointException(
                        where
                            + ": tensor '"
                            + t.name()
                            + "' has no counterpart in a GGUF "
                            + architecture.modelType()
                            + " model"));
    return new GgufTensorSource(name, type(name, t.shape(), wanted), t.shape(), values(name, t));
  }

  private static GgufType type(String name, List<Long> shape, GgufType wanted) {
    if (shape.size() < 2 || name.endsWith("norm.weight")) {
      return GgufType.F32;
    }
    if (shape.get(shape.size() - 1) % wanted.blockElements() != 0) {
      return GgufType.F16;
    }
    boolean ends = name.equals("token_embd.weight") || name.equals("output.weight");
    return wanted == GgufType.Q4_0 && ends ? GgufType.Q8_0 : wanted;
  }

  private Values values(String name, TensorSource t) {
    int queries = config.path("num_attention_heads").asInt();
    return switch (architecture.change(name)) {
      case NONE -> Values.of(t);
      case PERMUTE_QUERY -> permuted(t, queries);
      case PERMUTE_KEY -> permuted(t, ConfigToGguf.keyValueHeads(config, queries));
      case ADD_ONE -> Values.of(t).plus(1);
    };
  }

  private Values permuted(TensorSource t, int heads) {
    long rows = t.shape().isEmpty() ? 0 : t.shape().get(0);
    if (rows == 0 || heads < 1 || rows % (2L * heads) != 0) {
      throw new CheckpointException(
          where
              + ": tensor '"
              + t.name()
              + "' has "
              + rows
              + " rows, which are no "
              + heads
              + " heads of even width");
    }
    long width = rows / heads;
    return Values.of(t).rows(t.elements() / rows, r -> RotaryRows.huggingFaceRow(r, width));
  }
}
