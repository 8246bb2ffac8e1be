package dev.temper.checkpoint.gguf;

import dev.temper.checkpoint.CheckpointException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What has to be known to translate a model family between GGUF and Hugging Face, as data.
 *
 * @param modelType Hugging Face's {@code model_type}, and, for all of these, GGUF's {@code
 *     general.architecture}
 * @param className Hugging Face's class
 * @param permuted whether rows of the query and key projections are reordered, because llama.cpp
 *     rotates neighbouring elements where Hugging Face rotates halves
 * @param normsPlusOne whether norms are stored as 1 + weight
 * @param tensors names in both worlds; {@code #} stands for the number of a block
 */
record GgufArchitecture(
    String modelType,
    String className,
    boolean permuted,
    boolean normsPlusOne,
    List<Names> tensors) {

  /** A tensor's name without {@code .weight} or {@code .bias}. */
  record Names(String gguf, String huggingFace) {}

  /** A name found, with its suffix. */
  record Match(String name, String suffix) {}

  private static final List<Names> OUTSIDE =
      List.of(
          new Names("token_embd", "model.embed_tokens"),
          new Names("output_norm", "model.norm"),
          new Names("output", "lm_head"));

  private static final List<Names> ATTENTION =
      block(
          "attn_norm", "input_layernorm",
          "attn_q", "self_attn.q_proj",
          "attn_k", "self_attn.k_proj",
          "attn_v", "self_attn.v_proj",
          "attn_output", "self_attn.o_proj");

  private static final List<Names> GATED_FEED_FORWARD =
      block(
          "ffn_gate", "mlp.gate_proj",
          "ffn_up", "mlp.up_proj",
          "ffn_down", "mlp.down_proj");

  private static final List<Names> PRE_NORM = block("ffn_norm", "post_attention_layernorm");

  private static final List<GgufArchitecture> ALL =
      List.of(
          new GgufArchitecture(
              "llama",
              "LlamaForCausalLM",
              true,
              false,
              join(List.of(OUTSIDE, ATTENTION, PRE_NORM, GATED_FEED_FORWARD))),
          new GgufArchitecture(
              "qwen2",
              "Qwen2ForCausalLM",
              false,
              false,
              join(List.of(OUTSIDE, ATTENTION, PRE_NORM, GATED_FEED_FORWARD))),
          new GgufArchitecture(
              "qwen3",
              "Qwen3ForCausalLM",
              false,
              false,
              join(
                  List.of(
                      OUTSIDE,
                      ATTENTION,
                      block("attn_q_norm", "self_attn.q_norm", "attn_k_norm", "self_attn.k_norm"),
                      PRE_NORM,
                      GATED_FEED_FORWARD))),
          new GgufArchitecture(
              "gemma2",
              "Gemma2ForCausalLM",
              false,
              true,
              join(
                  List.of(
                      OUTSIDE,
                      ATTENTION,
                      block(
                          "post_attention_norm", "post_attention_layernorm",
                          "ffn_norm", "pre_feedforward_layernorm",
                          "post_ffw_norm", "post_feedforward_layernorm"),
                      GATED_FEED_FORWARD))),
          new GgufArchitecture(
              "phi3",
              "Phi3ForCausalLM",
              false,
              false,
              join(
                  List.of(
                      OUTSIDE,
                      block(
                          "attn_norm", "input_layernorm",
                          "attn_qkv", "self_attn.qkv_proj",
                          "attn_output", "self_attn.o_proj",
                          // Gate and up, one after the other, in both worlds.
                          "ffn_up", "mlp.gate_up_proj",
                          "ffn_down", "mlp.down_proj"),
                      PRE_NORM))));

  private static List<Names> block(String... pairs) {
    List<Names> out = new ArrayList<>();
    for (int i = 0; i < pairs.length; i += 2) {
      out.add(new Names("blk.#." + pairs[i], "model.layers.#." + pairs[i + 1]));
    }
    return out;
  }

  private static List<Names> join(List<List<Names>> parts) {
    return parts.stream().flatMap(List::stream).toList();
  }

  /**
   * The architecture of a name.
   *
   * @param what where the name is from, for messages
   */
  static GgufArchitecture named(String name, String what) {
    return ALL.stream()
        .filter(a -> a.modelType.equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new CheckpointException(
                    what
                        + " '"
                        + name
                        + "' cannot be translated between GGUF and Hugging Face; these can: "
                        + String.join(", ", ALL.stream().map(a -> a.modelType).toList())));
  }

  /** The Hugging Face name of a GGUF tensor. */
  Optional<String> toHuggingFace(String name) {
    return translate(name, true);
  }

  /** The GGUF name of a Hugging Face tensor. */
  Optional<String> toGguf(String name) {
    return translate(name, false);
  }

  private Optional<String> translate(String name, boolean fromGguf) {
    for (Names n : tensors) {
      String from = fromGguf ? n.gguf : n.huggingFace;
      String to = fromGguf ? n.huggingFace : n.gguf;
      for (String suffix : List.of(".weight", ".bias")) {
        if (!name.endsWith(suffix)) {
          continue;
        }
        String stem = name.substring(0, name.length() - suffix.length());
        int mark = from.indexOf('#');
        if (mark < 0) {
          if (stem.equals(from)) {
            return Optional.of(to + suffix);
          }
          continue;
        }
        String before = from.substring(0, mark);
        String after = from.substring(mark + 1);
        if (stem.startsWith(before)
            && stem.endsWith(after)
            && stem.length() > before.length() + after.length()) {
          String number = stem.substring(before.length(), stem.length() - after.length());
          if (number.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return Optional.of(to.replace("#", number) + suffix);
          }
        }
      }
    }
    return Optional.empty();
  }

  /** What has to be done to a tensor's values on the way, told from its GGUF name. */
  Change change(String ggufName) {
    if (permuted && ggufName.contains(".attn_q.")) {
      return Change.PERMUTE_QUERY;
    }
    if (permuted && ggufName.contains(".attn_k.")) {
      return Change.PERMUTE_KEY;
    }
    return normsPlusOne && ggufName.endsWith("norm.weight") ? Change.ADD_ONE : Change.NONE;
  }

  /** Changes of values between the two worlds. */
  enum Change {
    /** None. */
    NONE,
    /** Rows of every query head are reordered. */
    PERMUTE_QUERY,
    /** Rows of every key head are reordered. */
    PERMUTE_KEY,
    /** GGUF holds 1 + weight. */
    ADD_ONE
  }
}
