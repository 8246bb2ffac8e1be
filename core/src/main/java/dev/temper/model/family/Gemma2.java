package dev.temper.model.family;

import dev.temper.model.Activation;
import dev.temper.model.AttentionSpec;
import dev.temper.model.BlockSpec;
import dev.temper.model.EmbeddingSpec;
import dev.temper.model.Family;
import dev.temper.model.FeedForwardSpec;
import dev.temper.model.HeadSpec;
import dev.temper.model.ModelConfig;
import dev.temper.model.ModelSpec;
import dev.temper.model.Names;
import dev.temper.model.Norm;
import dev.temper.model.NormPlacement;
import dev.temper.model.Slot;
import java.util.List;
import java.util.OptionalDouble;

/** Gemma 2 (Gemma team 2024): soft-caps, alternating windows, four norms a block. */
final class Gemma2 {
  private Gemma2() {}

  static Family family() {
    return new Family("gemma2", Gemma2::spec, names());
  }

  /** Names of Gemma 2 and 3. */
  static Names names() {
    return Names.llama()
        .with(Slot.ATTENTION_OUTPUT_NORM, "post_attention_layernorm")
        .with(Slot.FEED_FORWARD_NORM, "pre_feedforward_layernorm")
        .with(Slot.FEED_FORWARD_OUTPUT_NORM, "post_feedforward_layernorm");
  }

  private static ModelSpec spec(ModelConfig c) {
    AttentionSpec attention = attention(c).rope(c.rope(c.integer("head_dim", 256), 1));
    return model(
        c,
        Common.blocks(
            c,
            i ->
                // Even layers slide.
                block(c, attention.visibility(c.visibility(c.sliding(i, i % 2 == 0))))),
        OptionalDouble.of(c.number("final_logit_softcapping", 30)));
  }

  /** Attention of Gemma 2 and 3, positions and reach aside. */
  static AttentionSpec attention(ModelConfig c) {
    boolean bias = c.flag("attention_bias", false);
    int heads = c.integer("num_attention_heads");
    return AttentionSpec.of(
            heads, c.integer("num_key_value_heads", heads), c.integer("head_dim", 256))
        .biases(bias, bias)
        .scale(1 / Math.sqrt(c.number("query_pre_attn_scalar", 256)))
        .softCap(c.optionalNumber("attn_logit_softcapping"));
  }

  static Norm norm(ModelConfig c) {
    return new Norm.UnitOffsetRms(c.number("rms_norm_eps", 1e-6));
  }

  static BlockSpec block(ModelConfig c, AttentionSpec attention) {
    FeedForwardSpec feedForward =
        new FeedForwardSpec.Gated(
            c.integer("intermediate_size"),
            c.activation("hidden_activation", Activation.GELU_TANH));
    return new BlockSpec(attention, feedForward, norm(c), NormPlacement.SANDWICH);
  }

  static ModelSpec model(ModelConfig c, List<BlockSpec> blocks, OptionalDouble softCap) {
    int width = c.integer("hidden_size");
    return ModelSpec.of(
        width,
        EmbeddingSpec.tokens(c.integer("vocab_size"), width).scale(Math.sqrt(width)),
        blocks,
        norm(c),
        new HeadSpec.LanguageModel(c.flag("tie_word_embeddings", true), 1, softCap),
        c.integer("max_position_embeddings", 8192));
  }
}
