package dev.temper.model.family;

import dev.temper.model.AttentionSpec;
import dev.temper.model.BlockSpec;
import dev.temper.model.Family;
import dev.temper.model.ModelConfig;
import dev.temper.model.ModelSpec;
import dev.temper.model.Names;
import dev.temper.model.NormPlacement;

/**
 * Qwen2 and 2.5: biases on queries, keys and values; layers from {@code max_window_layers} on may
 * slide.
 */
final class Qwen2 {
  private Qwen2() {}

  static Family family() {
    return new Family("qwen2", Qwen2::spec, Names.llama());
  }

  private static ModelSpec spec(ModelConfig c) {
    AttentionSpec attention = Common.attention(c).biases(true, false).rope(c.rope());
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
}
