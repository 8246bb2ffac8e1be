package dev.temper.model.family;

import dev.temper.model.AttentionSpec;
import dev.temper.model.BlockSpec;
import dev.temper.model.Family;
import dev.temper.model.ModelConfig;
import dev.temper.model.ModelSpec;
import dev.temper.model.Names;
import dev.temper.model.NormPlacement;

/** Mistral (Jiang et al. 2023): Llama with a sliding window. */
final class Mistral {
  private Mistral() {}

  static Family family() {
    return new Family("mistral", Mistral::spec, Names.llama());
  }

  private static ModelSpec spec(ModelConfig c) {
    AttentionSpec attention = Common.attention(c).rope(c.rope()).visibility(c.visibility(true));
    BlockSpec block =
        new BlockSpec(attention, Common.gated(c), Common.rmsNorm(c), NormPlacement.PRE);
    return Common.model(c, Common.blocks(c, i -> block), false);
  }
}
