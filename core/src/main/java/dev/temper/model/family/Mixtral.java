package dev.temper.model.family;

import dev.temper.model.AttentionSpec;
import dev.temper.model.BlockSpec;
import dev.temper.model.Family;
import dev.temper.model.FeedForwardSpec;
import dev.temper.model.ModelConfig;
import dev.temper.model.ModelSpec;
import dev.temper.model.Names;
import dev.temper.model.NormPlacement;
import dev.temper.model.Slot;
import java.util.Optional;

/** Mixtral (Jiang et al. 2024): Mistral with a mixture of experts in every block. */
final class Mixtral {
  private Mixtral() {}

  static Family family() {
    Names names =
        Names.llama()
            .with(Slot.ROUTER, "block_sparse_moe.gate")
            .with(Slot.EXPERT_GATE, "block_sparse_moe.experts.{expert}.w1")
            .with(Slot.EXPERT_UP, "block_sparse_moe.experts.{expert}.w3")
            .with(Slot.EXPERT_DOWN, "block_sparse_moe.experts.{expert}.w2");
    return new Family("mixtral", Mixtral::spec, names);
  }

  private static ModelSpec spec(ModelConfig c) {
    AttentionSpec attention = Common.attention(c).rope(c.rope()).visibility(c.visibility(true));
    FeedForwardSpec mixture =
        new FeedForwardSpec.Mixture(
            c.integer("num_local_experts", 8),
            c.integer("num_experts_per_tok", 2),
            FeedForwardSpec.Weighting.RENORMALIZED,
            Common.gated(c),
            Optional.empty());
    BlockSpec block = new BlockSpec(attention, mixture, Common.rmsNorm(c), NormPlacement.PRE);
    return Common.model(c, Common.blocks(c, i -> block), false);
  }
}
