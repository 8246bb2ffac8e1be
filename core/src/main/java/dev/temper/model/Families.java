package dev.temper.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.BiFunction;

/**
 * From config.json to a {@link DecoderSpec}, by {@code model_type}; reads the key names of
 * transformers 4 and 5.
 */
public final class Families {
  private static final Map<String, BiFunction<ObjectNode, Path, DecoderSpec>> BY_TYPE =
      Map.of("llama", Families::llama);

  private Families() {}

  /**
   * The spec of a model.
   *
   * @param file where the config came from, for errors
   */
  public static DecoderSpec spec(ObjectNode config, Path file) {
    String type = config.path("model_type").asText("");
    BiFunction<ObjectNode, Path, DecoderSpec> family = BY_TYPE.get(type);
    if (family == null) {
      throw new UserException(
          file
              + ": model_type '"
              + type
              + "' is not supported; supported are "
              + String.join(", ", new TreeSet<>(BY_TYPE.keySet())));
    }
    try {
      return family.apply(config, file);
    } catch (IllegalArgumentException e) {
      throw new UserException(file + ": " + e.getMessage(), e);
    }
  }

  private static DecoderSpec llama(ObjectNode c, Path file) {
    String activation = c.path("hidden_act").asText("silu");
    if (!activation.equals("silu")) {
      throw new UserException(
          file + ": hidden_act '" + activation + "' is not supported for llama; it must be silu");
    }
    int width = integer(c, "hidden_size", file);
    int heads = integer(c, "num_attention_heads", file);
    int headWidth = c.path("head_dim").isInt() ? c.get("head_dim").intValue() : width / heads;
    int context = c.path("max_position_embeddings").asInt(2048);
    return new DecoderSpec(
        integer(c, "num_hidden_layers", file),
        width,
        heads,
        c.path("num_key_value_heads").isInt() ? c.get("num_key_value_heads").intValue() : heads,
        headWidth,
        integer(c, "intermediate_size", file),
        integer(c, "vocab_size", file),
        context,
        c.path("rms_norm_eps").asDouble(1e-6),
        rope(c, headWidth, context, file),
        c.path("attention_bias").asBoolean(false),
        c.path("mlp_bias").asBoolean(false),
        c.path("tie_word_embeddings").asBoolean(false));
  }

  private static Rope rope(ObjectNode c, int width, int context, Path file) {
    JsonNode p =
        c.path("rope_parameters").isObject() ? c.get("rope_parameters") : c.path("rope_scaling");
    double theta =
        p.path("rope_theta").isNumber()
            ? p.get("rope_theta").doubleValue()
            : c.path("rope_theta").asDouble(10000);
    String type = p.path("rope_type").asText(p.path("type").asText("default"));
    double factor = p.path("factor").asDouble(1);
    int original =
        p.path("original_max_position_embeddings")
            .asInt(c.path("original_max_position_embeddings").asInt(context));
    Rope.Scaling scaling =
        switch (type) {
          case "default" -> new Rope.Scaling.None();
          case "linear" -> new Rope.Scaling.Linear(factor);
          // For this type max_position_embeddings is the original length.
          case "dynamic" -> new Rope.Scaling.Dynamic(factor, context);
          case "llama3" ->
              new Rope.Scaling.Llama3(
                  factor,
                  p.path("low_freq_factor").asDouble(1),
                  p.path("high_freq_factor").asDouble(4),
                  original);
          case "yarn" ->
              new Rope.Scaling.Yarn(
                  factor,
                  p.path("beta_fast").asDouble(32),
                  p.path("beta_slow").asDouble(1),
                  p.path("attention_factor").isNumber()
                      ? p.get("attention_factor").doubleValue()
                      : factor <= 1 ? 1 : 0.1 * Math.log(factor) + 1,
                  p.path("truncate").asBoolean(true),
                  original);
          default ->
              throw new UserException(
                  file
                      + ": rope type '"
                      + type
                      + "' is not supported; supported are default, linear, dynamic, llama3, yarn");
        };
    return new Rope(theta, width, scaling);
  }

  private static int integer(ObjectNode c, String key, Path file) {
    JsonNode v = c.get(key);
    if (v == null || !v.isIntegralNumber() || !v.canConvertToInt() || v.intValue() < 1) {
      throw new UserException(
          file
              + ": needs the key '"
              + key
              + "' as a positive integer"
              + (v == null ? ", which is missing" : ", not " + v));
    }
    return v.intValue();
  }
}
