package dev.temper.model.family;

import dev.temper.model.AttentionSpec;
import dev.temper.model.BlockSpec;
import dev.temper.model.Family;
import dev.temper.model.ModelConfig;
import dev.temper.model.ModelSpec;
import dev.temper.model.Names;
import dev.temper.model.NormPlacement;
import dev.temper.model.QueryKeyNorm;

/** Qwen3: every head of queries and keys is normalised; heads have a width of their own. */
final class Qwen3 {
  private Qwen3() {}

  static Family family() {
    return new Family("qwen3", Qwen3::spec, Names.llama());
  }

  private static ModelSpec spec(ModelConfig c) {
    AttentionSpec attention = attention(c);
    return Common.model(
        c,
        Common.blocks(
            c,
            i ->
                new BlockSpec(
                    attention.visibility(Common.qwenReach(c, i)),
                    Common.gated(c),
                    Common.rmsNorm(c),
                    NormPlacement.PRE)),
        false);
  }

  /** Attention of Qwen3 and its mixtures, reach aside. */
  static AttentionSpec attention(ModelConfig c) {
    boolean bias = c.flag("attention_bias", false);
    int heads = c.integer("num_attention_heads");
    int width = c.integer("head_dim", 128);
    return AttentionSpec.of(heads, c.integer("num_key_value_heads", heads), width)
        .biases(bias, bias)
        .queryKeyNorm(new QueryKeyNorm.PerHead(Common.rmsNorm(c)))
        .rope(c.rope(width, 1));
  }
}
