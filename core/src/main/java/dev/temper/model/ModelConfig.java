package dev.temper.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Typed access to config.json for {@linkplain Family families}; every error names the file and the
 * key. A key that is null counts as absent, as transformers treats it.
 *
 * @param json the whole file
 * @param file where it came from, for errors
 */
public record ModelConfig(ObjectNode json, Path file) {
  /** An error about this file. */
  public UserException error(String message) {
    return new UserException(file + ": " + message);
  }

  /** Whether the key is there and not null. */
  public boolean has(String key) {
    return json.hasNonNull(key);
  }

  /** A positive integer that must be there. */
  public int integer(String key) {
    JsonNode v = json.get(key);
    if (v == null || v.isNull()) {
      throw error("needs the key '" + key + "' as a positive integer, which is missing");
    }
    return integer(key, 1);
  }

  /** A positive integer, {@code otherwise} if absent. */
  public int integer(String key, int otherwise) {
    if (!has(key)) {
      return otherwise;
    }
    JsonNode v = json.get(key);
    if (!v.isIntegralNumber() || !v.canConvertToInt() || v.intValue() < 1) {
      throw error("needs the key '" + key + "' as a positive integer, not " + v);
    }
    return v.intValue();
  }

  /** A number, {@code otherwise} if absent. */
  public double number(String key, double otherwise) {
    return number(json, key, otherwise);
  }

  private double number(JsonNode object, String key, double otherwise) {
    JsonNode v = object.path(key);
    if (v.isMissingNode() || v.isNull()) {
      return otherwise;
    }
    if (!v.isNumber()) {
      throw error("'" + key + "' must be a number, not " + v);
    }
    return v.doubleValue();
  }

  /** A number that may be absent, such as a soft-cap. */
  public OptionalDouble optionalNumber(String key) {
    return has(key) ? OptionalDouble.of(number(key, 0)) : OptionalDouble.empty();
  }

  /** True or false, {@code otherwise} if absent. */
  public boolean flag(String key, boolean otherwise) {
    if (!has(key)) {
      return otherwise;
    }
    if (!json.get(key).isBoolean()) {
      throw error("'" + key + "' must be true or false, not " + json.get(key));
    }
    return json.get(key).booleanValue();
  }

  /** A text, {@code otherwise} if absent. */
  public String text(String key, String otherwise) {
    if (!has(key)) {
      return otherwise;
    }
    if (!json.get(key).isTextual()) {
      throw error("'" + key + "' must be a text, not " + json.get(key));
    }
    return json.get(key).textValue();
  }

  /** A list of integers, {@code otherwise} if absent. */
  public List<Integer> integers(String key, List<Integer> otherwise) {
    if (!has(key)) {
      return otherwise;
    }
    List<Integer> out = new ArrayList<>();
    for (JsonNode v : json.get(key)) {
      if (!v.canConvertToInt() || !json.get(key).isArray()) {
        throw error("'" + key + "' must be a list of integers, not " + json.get(key));
      }
      out.add(v.intValue());
    }
    return out;
  }

  /** The activation a key names, {@code otherwise} if absent. */
  public Activation activation(String key, Activation otherwise) {
    if (!has(key)) {
      return otherwise;
    }
    String name = text(key, "");
    return switch (name) {
      case "silu", "swish" -> Activation.SILU;
      case "gelu" -> Activation.GELU;
      case "gelu_new", "gelu_pytorch_tanh", "gelu_fast" -> Activation.GELU_TANH;
      case "relu" -> Activation.RELU;
      default ->
          throw error(
              key
                  + " '"
                  + name
                  + "' is not supported; it must be silu, gelu, gelu_new, gelu_pytorch_tanh or relu");
    };
  }

  /** The number of layers under a key, from 1 to 10,000. */
  public int layers(String key) {
    int layers = integer(key);
    if (layers > ModelSpec.MAX_LAYERS) {
      throw error("'" + key + "' is " + layers + "; at most " + ModelSpec.MAX_LAYERS + " are read");
    }
    return layers;
  }

  /** The width of a head: {@code head_dim}, or the model's width divided by its heads. */
  public int headWidth() {
    return integer("head_dim", integer("hidden_size") / integer("num_attention_heads"));
  }

  /**
   * Whether layer {@code layer} attends through a sliding window, as {@code layer_types} (written
   * by transformers 5) says; {@code otherwise} where that key is absent.
   */
  public boolean sliding(int layer, boolean otherwise) {
    JsonNode types = json.path("layer_types");
    if (!types.isArray()) {
      return otherwise;
    }
    String type = types.path(layer).asText("");
    return switch (type) {
      case "sliding_attention" -> true;
      case "full_attention" -> false;
      default ->
          throw error(
              "layer_types["
                  + layer
                  + "] is '"
                  + type
                  + "'; it must be full_attention or sliding_attention");
    };
  }

  /** {@code sliding_window} as the reach of a layer that slides, or causal if it does not. */
  public Visibility visibility(boolean slides) {
    return slides && has("sliding_window")
        ? new Visibility.Sliding(integer("sliding_window"))
        : new Visibility.Causal();
  }

  /**
   * The rotary positions of all layers: {@code rope_parameters} of transformers 5, or {@code
   * rope_theta}, {@code rope_scaling} and {@code partial_rotary_factor} of transformers 4.
   */
  public Rope rope() {
    return rope(headWidth(), 1);
  }

  /**
   * The rotary positions of all layers.
   *
   * @param headWidth entries of a head
   * @param rotated share of them that is rotated where the config does not say
   */
  public Rope rope(int headWidth, double rotated) {
    JsonNode p =
        json.path("rope_parameters").isObject()
            ? json.get("rope_parameters")
            : json.path("rope_scaling");
    double theta = number(p, "rope_theta", number("rope_theta", number("rotary_emb_base", 10000)));
    double share =
        number(
            p,
            "partial_rotary_factor",
            number("partial_rotary_factor", number("rotary_pct", rotated)));
    return rope(p, theta, headWidth, share);
  }

  /**
   * Rotary positions from one object of parameters.
   *
   * @param parameters {@code rope_type} and what it needs; may be absent
   * @param share of a head's entries that is rotated, the first ones
   */
  public Rope rope(JsonNode parameters, double theta, int headWidth, double share) {
    int width = (int) (headWidth * share);
    if (width < 2 || width > headWidth || width % 2 != 0) {
      throw error(
          "rotates " + share + " of heads of width " + headWidth + ", which is not an even part");
    }
    return new Rope(theta, width, scaling(parameters, width));
  }

  private Rope.Scaling scaling(JsonNode p, int width) {
    int context = integer("max_position_embeddings", 2048);
    String type = p.path("rope_type").asText(p.path("type").asText("default"));
    double factor = number(p, "factor", 1);
    int original =
        (int)
            number(
                p,
                "original_max_position_embeddings",
                integer("original_max_position_embeddings", context));
    return switch (type) {
      case "default" -> new Rope.Scaling.None();
      case "linear" -> new Rope.Scaling.Linear(factor);
      // For this type max_position_embeddings is the original length.
      case "dynamic" -> new Rope.Scaling.Dynamic(factor, context);
      case "llama3" ->
          new Rope.Scaling.Llama3(
              factor, number(p, "low_freq_factor", 1), number(p, "high_freq_factor", 4), original);
      case "yarn" ->
          new Rope.Scaling.Yarn(
              factor,
              number(p, "beta_fast", 32),
              number(p, "beta_slow", 1),
              number(p, "attention_factor", factor <= 1 ? 1 : 0.1 * Math.log(factor) + 1),
              p.path("truncate").asBoolean(true),
              original);
      case "longrope", "su" -> longRope(p, width, context, original);
      default ->
          throw error(
              "rope type '"
                  + type
                  + "' is not supported; supported are default, linear, dynamic, llama3, yarn,"
                  + " longrope");
    };
  }

  private Rope.Scaling longRope(JsonNode p, int width, int context, int original) {
    double factor = number(p, "factor", (double) context / original);
    double attention = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
    return new Rope.Scaling.LongRope(
        factors(p, "short_factor", width),
        factors(p, "long_factor", width),
        number(p, "attention_factor", attention),
        original);
  }

  private List<Double> factors(JsonNode p, String key, int width) {
    List<Double> out = new ArrayList<>();
    for (JsonNode v : p.path(key)) {
      if (!v.isNumber() || !(v.doubleValue() > 0)) {
        throw error(key + " of longrope must hold positive numbers, not " + v);
      }
      out.add(v.doubleValue());
    }
    if (out.size() != width / 2) {
      throw error(
          key
              + " of longrope has "
              + out.size()
              + " numbers; half of the "
              + width
              + " rotated entries need one each");
    }
    return out;
  }
}
