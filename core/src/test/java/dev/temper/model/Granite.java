package dev.temper.model;

import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Granite (IBM 2024): Llama with a multiplier at each of four places. See docs/adding-a-model.md.
 */
public final class Granite implements Family.Provider {
  @Override
  public List<Family> families() {
    return List.of(new Family("granite", Granite::spec, Names.llama()));
  }

  private static ModelSpec spec(ModelConfig c) {
    int width = c.integer("hidden_size");
    int heads = c.integer("num_attention_heads");
    boolean bias = c.flag("attention_bias", false);
    Norm norm = new Norm.Rms(c.number("rms_norm_eps", 1e-6));
    AttentionSpec attention =
        AttentionSpec.of(heads, c.integer("num_key_value_heads", heads), c.headWidth())
            .biases(bias, bias)
            .rope(c.rope())
            .scale(c.number("attention_multiplier", 1));
    FeedForwardSpec feedForward =
        new FeedForwardSpec.Gated(
            c.integer("intermediate_size"),
            c.activation("hidden_act", Activation.SILU),
            c.flag("mlp_bias", false),
            false);
    BlockSpec block =
        new BlockSpec(attention, feedForward, norm, NormPlacement.PRE)
            .residualScale(c.number("residual_multiplier", 1));
    return ModelSpec.of(
        width,
        EmbeddingSpec.tokens(c.integer("vocab_size"), width)
            .scale(c.number("embedding_multiplier", 1)),
        Collections.nCopies(c.layers("num_hidden_layers"), block),
        norm,
        new HeadSpec.LanguageModel(
            c.flag("tie_word_embeddings", false),
            1 / c.number("logits_scaling", 1),
            OptionalDouble.empty()),
        c.integer("max_position_embeddings", 2048));
  }
}
