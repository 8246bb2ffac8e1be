package dev.temper.model.family;

import dev.temper.model.AttentionSpec;
import dev.temper.model.BlockSpec;
import dev.temper.model.Family;
import dev.temper.model.ModelConfig;
import dev.temper.model.ModelSpec;
import dev.temper.model.Names;
import dev.temper.model.NormPlacement;
import dev.temper.model.QueryKeyNorm;
import dev.temper.model.Slot;

/**
 * OLMo 2 (OLMo team 2024): norms after attention and feed-forward; queries and keys normalised over
 * the whole projection.
 */
final class Olmo2 {
  private Olmo2() {}

  static Family family() {
    Names names =
        Names.llama()
            .with(Slot.ATTENTION_OUTPUT_NORM, "post_attention_layernorm")
            .with(Slot.FEED_FORWARD_OUTPUT_NORM, "post_feedforward_layernorm");
    return new Family("olmo2", Olmo2::spec, names);
  }

  private static ModelSpec spec(ModelConfig c) {
    boolean bias = c.flag("attention_bias", false);
    AttentionSpec attention =
        Common.attention(c)
            .biases(bias, bias)
            .queryKeyNorm(new QueryKeyNorm.WholeProjection(Common.rmsNorm(c)))
            .rope(c.rope());
    BlockSpec block =
        new BlockSpec(attention, Common.gated(c), Common.rmsNorm(c), NormPlacement.OUTPUT);
    return Common.model(c, Common.blocks(c, i -> block), false);
  }
}
