package dev.temper.checkpoint.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.checkpoint.CheckpointException;
import dev.temper.text.GgufVocabulary;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Writes a Hugging Face model as a GGUF file.
 *
 * <p>Vectors stay F32, and so do all norms. Rows that are no whole number of a quantized type's
 * blocks become F16. With Q4_0 the embedding and the head become Q8_0, because everything a model
 * reads and says passes through them.
 */
final class GgufExport {
  /** A tensor of a Hugging Face model. */
  record Source(String name, List<Long> shape, java.util.function.Supplier<float[]> values) {
    Source {
      shape = List.copyOf(shape);
    }
  }

  private final String where;
  private final ObjectNode config;
  private final GgufArchitecture architecture;

  GgufExport(String where, ObjectNode config) {
    this.where = where;
    this.config = config;
    String type = config.path("model_type").asText();
    // A Mistral model without a sliding window is a Llama model to llama.cpp.
    this.architecture =
        GgufArchitecture.named(type.equals("mistral") ? "llama" : type, where + ": model_type");
  }

  /** Writes the file; {@code typeOf} says which type the matrices are to have. */
  void write(
      Path out,
      List<Source> sources,
      Function<String, GgufType> typeOf,
      int fileType,
      Optional<GgufVocabulary> vocabulary,
      GgufWriter.Progress progress) {
    Map<String, GgufValue> metadata = new LinkedHashMap<>();
    metadata.put("general.architecture", new GgufValue.Text(architecture.modelType()));
    metadata.put("general.type", new GgufValue.Text("model"));
    String name = config.path("_name_or_path").asText("");
    metadata.put(
        "general.name",
        new GgufValue.Text(name.isEmpty() ? architecture.modelType() : name));
    metadata.putAll(ConfigToGguf.of(where, config, architecture));
    metadata.put(
        "general.file_type", new GgufValue.Whole(GgufValue.Kind.UINT32, fileType));
    metadata.put(
        "general.quantization_version", new GgufValue.Whole(GgufValue.Kind.UINT32, 2));
    vocabulary.ifPresent(v -> metadata.putAll(VocabularyMetadata.write(v)));
    List<GgufTensorSource> tensors = new ArrayList<>();
    ConfigToGguf.ropeFactors(config)
        .ifPresent(
            f ->
                tensors.add(
                    new GgufTensorSource(
                        "rope_freqs.weight", GgufType.F32, List.of((long) f.length), () -> f)));
    boolean tied = config.path("tie_word_embeddings").asBoolean(tiedByDefault());
    for (Source s : sources) {
      if (tied && s.name().equals("lm_head.weight")) {
        continue;
      }
      tensors.add(tensor(s, typeOf.apply(s.name())));
    }
    GgufWriter.write(out, metadata, tensors, progress);
  }

  /** transformers' default for the families. */
  private boolean tiedByDefault() {
    return architecture.modelType().equals("gemma2");
  }

  private GgufTensorSource tensor(Source s, GgufType wanted) {
    String name =
        architecture
            .toGguf(s.name())
            .orElseThrow(
                () ->
                    new CheckpointException(
                        where
                            + ": tensor '"
                            + s.name()
                            + "' has no counterpart in a GGUF "
                            + architecture.modelType()
                            + " model"));
    return new GgufTensorSource(
        name, type(name, s.shape(), wanted), s.shape(), () -> changed(name, s));
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

  private float[] changed(String name, Source s) {
    int queries = config.path("num_attention_heads").asInt();
    return switch (architecture.change(name)) {
      case NONE -> s.values().get();
      case PERMUTE_QUERY -> permuted(s, queries);
      case PERMUTE_KEY -> permuted(s, ConfigToGguf.keyValueHeads(config, queries));
      case ADD_ONE -> {
        float[] values = s.values().get().clone();
        for (int i = 0; i < values.length; i++) {
          values[i] += 1;
        }
        yield values;
      }
    };
  }

  private float[] permuted(Source s, int heads) {
    long rows = s.shape().get(0);
    if (rows % (2L * heads) != 0) {
      throw new CheckpointException(
          where
              + ": tensor '"
              + s.name()
              + "' has "
              + rows
              + " rows, which are no "
              + heads
              + " heads of even width");
    }
    return RotaryRows.toGguf(s.values().get(), heads, (int) rows);
  }
}
