package dev.temper.model.family;

import dev.temper.model.Activation;
import dev.temper.model.AttentionSpec;
import dev.temper.model.BlockSpec;
import dev.temper.model.EmbeddingSpec;
import dev.temper.model.Family;
import dev.temper.model.FeedForwardSpec;
import dev.temper.model.HeadSpec;
import dev.temper.model.LinearLayout;
import dev.temper.model.ModelConfig;
import dev.temper.model.ModelSpec;
import dev.temper.model.Names;
import dev.temper.model.Norm;
import dev.temper.model.NormPlacement;
import dev.temper.model.Projections;
import dev.temper.model.Slot;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * GPT-2 (Radford et al. 2019): learned positions, layer norms, fused projections, weights [in,
 * out].
 */
final class Gpt2 {
  private Gpt2() {}

  static Family family() {
    Names names =
        Names.of("transformer.", "h.{layer}.")
            .with(Slot.TOKENS, "wte")
            .with(Slot.POSITIONS, "wpe")
            .with(Slot.ATTENTION_NORM, "ln_1")
            .with(Slot.QUERY_KEY_VALUE, "attn.c_attn")
            .with(Slot.ATTENTION_OUTPUT, "attn.c_proj")
            .with(Slot.FEED_FORWARD_NORM, "ln_2")
            .with(Slot.UP, "mlp.c_fc")
            .with(Slot.DOWN, "mlp.c_proj")
            .with(Slot.FINAL_NORM, "ln_f")
            .with(Slot.HEAD, "lm_head")
            .with(Slot.CLASSIFIER, "score");
    return new Family("gpt2", Gpt2::spec, names, List.of("c_attn"));
  }

  private static ModelSpec spec(ModelConfig c) {
    int width = c.integer("n_embd");
    int heads = c.integer("n_head");
    int context = c.integer("n_positions", 1024);
    Norm norm = new Norm.Layer(c.number("layer_norm_epsilon", 1e-5));
    AttentionSpec attention =
        AttentionSpec.of(heads, heads, width / heads)
            .projections(Projections.FUSED)
            .biases(true, true);
    double scale = c.flag("scale_attn_weights", true) ? attention.scale() : 1;
    boolean byLayer = c.flag("scale_attn_by_inverse_layer_idx", false);
    FeedForwardSpec feedForward =
        new FeedForwardSpec.Plain(
            c.integer("n_inner", 4 * width),
            c.activation("activation_function", Activation.GELU_TANH),
            true);
    return new ModelSpec(
        width,
        EmbeddingSpec.tokens(c.integer("vocab_size"), width).positions(context, 0),
        IntStream.range(0, c.layers("n_layer"))
            .mapToObj(
                i ->
                    new BlockSpec(
                        attention.scale(byLayer ? scale / (i + 1) : scale),
                        feedForward,
                        norm,
                        NormPlacement.PRE))
            .toList(),
        Optional.of(norm),
        new HeadSpec.LanguageModel(c.flag("tie_word_embeddings", true)),
        LinearLayout.IN_OUT,
        context);
  }
}
