package dev.temper.checkpoint.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.checkpoint.Checkpoint;
import dev.temper.checkpoint.CheckpointException;
import dev.temper.checkpoint.TensorSource;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A GGUF file seen as a Hugging Face model: its configuration, and its tensors under Hugging Face's
 * names and in its layout, dequantised as they are read. ({@code GgufVocabulary} has the
 * tokenizer.)
 *
 * <p>Architectures: llama, qwen2, qwen3, gemma2, phi3 (without longrope).
 */
public final class GgufModel {
  private final GgufFile file;
  private final GgufArchitecture architecture;
  private final ObjectNode config;
  private final Map<String, String> names;

  private GgufModel(
      GgufFile file, GgufArchitecture architecture, ObjectNode config, Map<String, String> names) {
    this.file = file;
    this.architecture = architecture;
    this.config = config;
    this.names = names;
  }

  /**
   * Opens a file.
   *
   * @throws CheckpointException if it is damaged, its architecture cannot be translated, or it
   *     holds a tensor that has no place in a Hugging Face model of that kind
   */
  public static GgufModel open(Path path) {
    return of(GgufFile.open(path));
  }

  static GgufModel of(GgufFile file) {
    Path path = file.path();
    String name =
        file.metadata()
            .text("general.architecture")
            .orElseThrow(() -> file.metadata().missing("general.architecture"));
    GgufArchitecture a = GgufArchitecture.named(name, path + ": architecture");
    ObjectNode config = ConfigFromGguf.of(file, a);
    Map<String, String> names = new LinkedHashMap<>();
    for (String tensor : file.names()) {
      // Read into the configuration.
      if (!tensor.equals("rope_freqs.weight")) {
        names.put(
            a.toHuggingFace(tensor)
                .orElseThrow(
                    () ->
                        new CheckpointException(
                            path
                                + ": tensor '"
                                + tensor
                                + "' has no counterpart in a Hugging Face "
                                + name
                                + " model")),
            tensor);
      }
    }
    GgufModel model = new GgufModel(file, a, config, names);
    names.keySet().forEach(model::check);
    return model;
  }

  private void check(String name) {
    GgufTensor t = info(name);
    switch (architecture.change(t.name())) {
      case PERMUTE_QUERY, PERMUTE_KEY -> {
        long heads = heads(t);
        if (t.shape().isEmpty() || t.shape().get(0) == 0 || t.shape().get(0) % (2 * heads) != 0) {
          throw new CheckpointException(
              file.path()
                  + ": tensor '"
                  + t.name()
                  + "' has shape "
                  + t.shape()
                  + ", whose rows are no "
                  + heads
                  + " heads of even width");
        }
      }
      default -> {
        // Any shape will do here; the model checks it.
      }
    }
  }

  /** The file itself. */
  public GgufFile file() {
    return file;
  }

  /** {@code config.json}; a copy. */
  public ObjectNode config() {
    return config.deepCopy();
  }

  /** Hugging Face names of the tensors, in the order of the file. */
  public Set<String> names() {
    return Collections.unmodifiableSet(names.keySet());
  }

  /** What the file says of a tensor, which is named there differently. */
  public GgufTensor info(String name) {
    String stored = names.get(name);
    if (stored == null) {
      throw new CheckpointException(
          file.path()
              + ": has no tensor '"
              + architecture.toGguf(name).orElse(name)
              + "' for '"
              + name
              + "'");
    }
    return file.info(stored);
  }

  /** Sizes of a tensor, outermost first. */
  public List<Long> shape(String name) {
    return info(name).shape();
  }

  /** A tensor's values in Hugging Face's layout, F32, dequantised as they are read. */
  public TensorSource source(String name) {
    GgufTensor t = info(name);
    Values stored = file.values(t.name());
    Values values =
        switch (architecture.change(t.name())) {
          case NONE -> stored;
          case PERMUTE_QUERY, PERMUTE_KEY -> {
            long rows = t.shape().get(0);
            long width = rows / heads(t);
            yield stored.rows(t.elements() / rows, r -> RotaryRows.ggufRow(r, width));
          }
          case ADD_ONE -> stored.plus(-1);
        };
    return values.tensor(name, t.shape());
  }

  /** All tensors in Hugging Face's layout. */
  public Checkpoint checkpoint() {
    return Checkpoint.of(file.path(), names.keySet().stream().map(this::source).toList());
  }

  private int heads(GgufTensor t) {
    return config
        .get(
            architecture.change(t.name()) == GgufArchitecture.Change.PERMUTE_QUERY
                ? "num_attention_heads"
                : "num_key_value_heads")
        .intValue();
  }
}
