package dev.temper.checkpoint.gguf;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.checkpoint.CheckpointException;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * From a GGUF file's metadata to {@code config.json}, in the key names of both transformers 4 and
 * 5. Numbers that the file holds as float32 become the shortest decimal that rounds to them.
 */
final class ConfigFromGguf {
  private final GgufFile file;
  private final GgufMetadata m;
  private final String architecture;
  private final ObjectNode out = JsonNodeFactory.instance.objectNode();

  private ConfigFromGguf(GgufFile file, String architecture) {
    this.file = file;
    this.m = file.metadata();
    this.architecture = architecture;
  }

  static ObjectNode of(GgufFile file, GgufArchitecture architecture) {
    return new ConfigFromGguf(file, architecture.modelType()).config(architecture);
  }

  private ObjectNode config(GgufArchitecture a) {
    out.putArray("architectures").add(a.className());
    out.put("model_type", a.modelType());
    int width = whole("embedding_length");
    int heads = whole("attention.head_count");
    int headWidth = whole("attention.key_length", width / heads);
    if (whole("attention.value_length", headWidth) != headWidth) {
      throw bad("attention.value_length differs from key_length, which cannot be translated");
    }
    if (headWidth < 2 || headWidth % 2 != 0) {
      throw bad("heads have a width of " + headWidth + "; it must be even and positive");
    }
    out.put("hidden_size", width);
    out.put("intermediate_size", whole("feed_forward_length"));
    out.put("num_hidden_layers", whole("block_count"));
    out.put("num_attention_heads", heads);
    out.put("num_key_value_heads", whole("attention.head_count_kv", heads));
    out.put("head_dim", headWidth);
    out.put("vocab_size", vocabulary());
    out.put("max_position_embeddings", whole("context_length"));
    out.put("rms_norm_eps", real("attention.layer_norm_rms_epsilon"));
    boolean tied = !file.names().contains("output.weight");
    out.put("tie_word_embeddings", tied);
    switch (a.modelType()) {
      case "llama" -> llama();
      case "qwen2" -> out.put("hidden_act", "silu").put("use_sliding_window", false);
      case "qwen3" ->
          out.put("hidden_act", "silu")
              .put("attention_bias", false)
              .put("use_sliding_window", false);
      case "gemma2" -> gemma2(width, heads, headWidth);
      case "phi3" -> phi3(headWidth);
      default -> throw new IllegalStateException(a.modelType());
    }
    rope(headWidth);
    tokens();
    out.put("torch_dtype", "float32").put("dtype", "float32");
    return out;
  }

  private void llama() {
    boolean biased = file.names().contains("blk.0.attn_q.bias");
    if (biased && !file.names().contains("blk.0.attn_output.bias")) {
      throw bad(
          "has biases on the query but not on the output projection, which Hugging Face's llama cannot have");
    }
    if (optional("expert_count").orElse(0) > 0) {
      throw bad("is a mixture of experts, which cannot be translated yet");
    }
    out.put("hidden_act", "silu");
    out.put("attention_bias", biased);
    out.put("mlp_bias", file.names().contains("blk.0.ffn_gate.bias"));
  }

  private void gemma2(int width, int heads, int headWidth) {
    out.put("hidden_activation", "gelu_pytorch_tanh");
    out.put("hidden_act", "gelu_pytorch_tanh");
    out.put("attention_bias", false);
    out.put("attn_logit_softcapping", optionalReal("attn_logit_softcapping").orElse(50));
    out.put("final_logit_softcapping", optionalReal("final_logit_softcapping").orElse(30));
    out.put("sliding_window", whole("attention.sliding_window", 4096));
    out.put("query_pre_attn_scalar", gemma2Scalar(whole("block_count"), width, heads, headWidth));
  }

  /** The file does not say; llama.cpp tells the largest model by its number of blocks. */
  static int gemma2Scalar(int blocks, int width, int heads, int headWidth) {
    return blocks == 46 ? width / heads : headWidth;
  }

  private void phi3(int headWidth) {
    if (file.names().contains("rope_factors_long.weight")) {
      throw bad("uses longrope, which cannot be translated yet");
    }
    int rotated = whole("rope.dimension_count", headWidth);
    out.put("hidden_act", "silu");
    out.put("partial_rotary_factor", (double) rotated / headWidth);
    out.put(
        "original_max_position_embeddings",
        whole("rope.scaling.original_context_length", whole("context_length")));
    long window = optional("attention.sliding_window").orElse(0);
    if (window > 0 && window < whole("context_length")) {
      out.put("sliding_window", window);
    } else {
      out.putNull("sliding_window");
    }
  }

  private int vocabulary() {
    List<Long> shape = file.info("token_embd.weight").shape();
    if (shape.size() != 2 || shape.get(0) > Integer.MAX_VALUE) {
      throw bad("tensor 'token_embd.weight' has shape " + shape + "; it must be a matrix");
    }
    return (int) (long) shape.get(0);
  }

  private void rope(int headWidth) {
    double theta = optionalReal("rope.freq_base").orElse(10_000);
    ObjectNode parameters = JsonNodeFactory.instance.objectNode();
    String type = m.text(architecture + ".rope.scaling.type").orElse("none");
    switch (type) {
      case "none" -> {
        if (file.names().contains("rope_freqs.weight")) {
          llama3(parameters, theta, headWidth);
        } else {
          parameters.put("rope_type", "default");
        }
      }
      case "linear" -> parameters.put("rope_type", "linear").put("factor", factor());
      case "yarn" ->
          parameters
              .put("rope_type", "yarn")
              .put("factor", factor())
              .put(
                  "original_max_position_embeddings",
                  whole("rope.scaling.original_context_length"));
      default ->
          throw bad(
              "rope.scaling.type '" + type + "' cannot be translated; none, linear and yarn can");
    }
    if (parameters.path("rope_type").asText().equals("default")) {
      out.putNull("rope_scaling");
    } else {
      out.set("rope_scaling", parameters.deepCopy());
    }
    out.put("rope_theta", theta);
    if (out.has("partial_rotary_factor")) {
      parameters.set("partial_rotary_factor", out.get("partial_rotary_factor"));
    }
    out.set("rope_parameters", parameters.put("rope_theta", theta));
  }

  private double factor() {
    return real("rope.scaling.factor");
  }

  /** The parameters are not stored; those of the published models are tried. */
  private void llama3(ObjectNode parameters, double theta, int headWidth) {
    float[] stored = file.floats("rope_freqs.weight");
    double largest = 1;
    for (float f : stored) {
      largest = Math.max(largest, f);
    }
    for (int original : new int[] {8192, whole("context_length")}) {
      if (RopeFactors.same(stored, RopeFactors.of(theta, headWidth, largest, 1, 4, original))) {
        parameters
            .put("rope_type", "llama3")
            .put("factor", largest)
            .put("low_freq_factor", 1.0)
            .put("high_freq_factor", 4.0)
            .put("original_max_position_embeddings", original);
        return;
      }
    }
    throw bad(
        "tensor 'rope_freqs.weight' holds no scaling of the Llama 3 models (low 1, high 4, original length 8192), and GGUF stores no parameters of it");
  }

  private void tokens() {
    role("bos_token_id", "bos_token_id");
    role("eos_token_id", "eos_token_id");
    role("padding_token_id", "pad_token_id");
  }

  private void role(String gguf, String key) {
    long id = m.whole("tokenizer.ggml." + gguf).orElse(-1);
    // Files write -1 for none, unsigned.
    if (id >= 0 && id <= Integer.MAX_VALUE) {
      out.put(key, (int) id);
    }
  }

  private int whole(String key) {
    return positive(key, optional(key).orElseThrow(() -> m.missing(architecture + "." + key)));
  }

  private int whole(String key, int otherwise) {
    return positive(key, optional(key).orElse(otherwise));
  }

  private int positive(String key, long v) {
    if (v < 1 || v > Integer.MAX_VALUE) {
      throw bad("metadata '" + architecture + "." + key + "' is " + v + "; it must be positive");
    }
    return (int) v;
  }

  /** A number, or an array of equal numbers, one per block. */
  private OptionalLong optional(String key) {
    String full = architecture + "." + key;
    if (m.get(full).orElse(null) instanceof GgufValue.Wholes w) {
      for (long v : w.values()) {
        if (v != w.values()[0]) {
          throw bad(
              "metadata '" + full + "' differs from block to block, which no config.json can say");
        }
      }
      return w.values().length == 0 ? OptionalLong.empty() : OptionalLong.of(w.values()[0]);
    }
    return m.whole(full);
  }

  private double real(String key) {
    return optionalReal(key).orElseThrow(() -> m.missing(architecture + "." + key));
  }

  private OptionalDouble optionalReal(String key) {
    OptionalDouble v = m.real(architecture + "." + key);
    return v.isEmpty()
        ? v
        : OptionalDouble.of(Double.parseDouble(Float.toString((float) v.getAsDouble())));
  }

  private CheckpointException bad(String what) {
    return new CheckpointException(file.path() + ": " + what);
  }
}
