package dev.temper.checkpoint.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.checkpoint.CheckpointException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * From {@code config.json} to a GGUF file's metadata. What llama.cpp would compute differently is
 * refused, not dropped.
 */
final class ConfigToGguf {
  private final String where;
  private final ObjectNode c;
  private final String architecture;
  private final Map<String, GgufValue> out = new LinkedHashMap<>();

  private ConfigToGguf(String where, ObjectNode config, String architecture) {
    this.where = where;
    this.c = config;
    this.architecture = architecture;
  }

  /**
   * The metadata that describes the architecture.
   *
   * @param where the file's name, for messages
   */
  static Map<String, GgufValue> of(String where, ObjectNode config, GgufArchitecture a) {
    return new ConfigToGguf(where, config, a.modelType()).metadata();
  }

  private Map<String, GgufValue> metadata() {
    int width = whole("hidden_size");
    int heads = whole("num_attention_heads");
    int headWidth = headWidth(c, width, heads);
    put("block_count", whole("num_hidden_layers"));
    put("context_length", whole("max_position_embeddings"));
    put("embedding_length", width);
    put("feed_forward_length", whole("intermediate_size"));
    put("attention.head_count", heads);
    put("attention.head_count_kv", keyValueHeads(c, heads));
    put("attention.key_length", headWidth);
    put("attention.value_length", headWidth);
    put("attention.layer_norm_rms_epsilon", c.path("rms_norm_eps").asDouble(1e-6));
    int rotated = (int) Math.round(headWidth * rope("partial_rotary_factor").asDouble(1));
    put("rope.dimension_count", rotated);
    put("vocab_size", whole("vocab_size"));
    switch (architecture) {
      case "gemma2" -> gemma2(width, heads, headWidth);
      case "phi3" -> phi3();
      default -> {
        require("hidden_act", "silu");
        noWindow();
      }
    }
    ropeScaling();
    return out;
  }

  private void gemma2(int width, int heads, int headWidth) {
    require(c.has("hidden_activation") ? "hidden_activation" : "hidden_act", "gelu_pytorch_tanh");
    int scalar = c.path("query_pre_attn_scalar").asInt(256);
    int assumed = ConfigFromGguf.gemma2Scalar(whole("num_hidden_layers"), width, heads, headWidth);
    if (scalar != assumed) {
      throw bad(
          "query_pre_attn_scalar is "
              + scalar
              + "; a GGUF file cannot say so, and llama.cpp would compute with "
              + assumed);
    }
    put("attn_logit_softcapping", c.path("attn_logit_softcapping").asDouble(50));
    put("final_logit_softcapping", c.path("final_logit_softcapping").asDouble(30));
    put("attention.sliding_window", c.path("sliding_window").asInt(4096));
  }

  private void phi3() {
    require("hidden_act", "silu");
    if (c.path("sliding_window").isInt()) {
      put("attention.sliding_window", whole("sliding_window"));
    }
    if (c.path("original_max_position_embeddings").isInt()) {
      put("rope.scaling.original_context_length", whole("original_max_position_embeddings"));
    }
  }

  private void noWindow() {
    boolean used = c.path("use_sliding_window").asBoolean(!architecture.startsWith("qwen"));
    if (used
        && c.path("sliding_window").asInt(Integer.MAX_VALUE) < whole("max_position_embeddings")) {
      throw bad(
          "sliding_window is "
              + c.path("sliding_window")
              + "; llama.cpp has no window for "
              + architecture);
    }
  }

  private void ropeScaling() {
    put("rope.freq_base", theta(c));
    String type = ropeType(c);
    switch (type) {
      case "default", "llama3" -> {
        // Llama 3's scaling is a tensor.
      }
      case "linear" -> {
        put("rope.scaling.type", "linear");
        put("rope.scaling.factor", rope("factor").asDouble(1));
      }
      case "yarn" -> {
        for (String key :
            new String[] {"beta_fast", "beta_slow", "attention_factor", "truncate", "mscale"}) {
          if (rope(key).isNumber() || rope(key).isBoolean()) {
            throw bad("yarn's '" + key + "' cannot be translated; only factor and length can");
          }
        }
        put("rope.scaling.type", "yarn");
        put("rope.scaling.factor", rope("factor").asDouble(1));
        put(
            "rope.scaling.original_context_length",
            rope("original_max_position_embeddings").asInt(whole("max_position_embeddings")));
      }
      default ->
          throw bad(
              "rope type '"
                  + type
                  + "' cannot be translated; default, linear, llama3 and yarn can");
    }
  }

  /** The values of {@code rope_freqs.weight}, if the model has Llama 3's scaling. */
  static Optional<float[]> ropeFactors(ObjectNode c) {
    if (!ropeType(c).equals("llama3")) {
      return Optional.empty();
    }
    JsonNode p = ropeNode(c);
    int width = headWidth(c, c.path("hidden_size").asInt(), c.path("num_attention_heads").asInt(1));
    return Optional.of(
        RopeFactors.of(
            theta(c),
            width,
            p.path("factor").asDouble(8),
            p.path("low_freq_factor").asDouble(1),
            p.path("high_freq_factor").asDouble(4),
            p.path("original_max_position_embeddings")
                .asDouble(c.path("max_position_embeddings").asDouble())));
  }

  static int headWidth(ObjectNode c, int width, int heads) {
    return c.path("head_dim").isInt() ? c.get("head_dim").intValue() : width / heads;
  }

  static int keyValueHeads(ObjectNode c, int heads) {
    return c.path("num_key_value_heads").isInt() ? c.get("num_key_value_heads").intValue() : heads;
  }

  private static String ropeType(ObjectNode c) {
    JsonNode p = ropeNode(c);
    return p.path("rope_type").asText(p.path("type").asText("default"));
  }

  private static JsonNode ropeNode(ObjectNode c) {
    return c.path("rope_parameters").isObject() ? c.get("rope_parameters") : c.path("rope_scaling");
  }

  private static double theta(ObjectNode c) {
    return ropeNode(c).path("rope_theta").asDouble(c.path("rope_theta").asDouble(10_000));
  }

  private JsonNode rope(String key) {
    JsonNode inside = ropeNode(c).path(key);
    return inside.isMissingNode() || inside.isNull() ? c.path(key) : inside;
  }

  private void put(String key, int value) {
    out.put(architecture + "." + key, new GgufValue.Whole(GgufValue.Kind.UINT32, value));
  }

  private void put(String key, double value) {
    out.put(architecture + "." + key, new GgufValue.Real(GgufValue.Kind.FLOAT32, value));
  }

  private void put(String key, String value) {
    out.put(architecture + "." + key, new GgufValue.Text(value));
  }

  private void require(String key, String value) {
    if (!c.path(key).asText(value).equals(value)) {
      throw bad(
          key + " is " + c.get(key) + "; llama.cpp computes " + architecture + " with " + value);
    }
  }

  private int whole(String key) {
    JsonNode v = c.path(key);
    if (!v.isIntegralNumber() || !v.canConvertToInt() || v.intValue() < 1) {
      throw bad("needs '" + key + "' as a positive integer, not " + v);
    }
    return v.intValue();
  }

  private CheckpointException bad(String what) {
    return new CheckpointException(where + ": " + what);
  }
}
