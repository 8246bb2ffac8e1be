package dev.temper.model.family;

import dev.temper.model.Activation;
import dev.temper.model.AttentionSpec;
import dev.temper.model.BlockSpec;
import dev.temper.model.Family;
import dev.temper.model.FeedForwardSpec;
import dev.temper.model.ModelConfig;
import dev.temper.model.ModelSpec;
import dev.temper.model.Names;
import dev.temper.model.NormPlacement;
import dev.temper.model.Projections;
import dev.temper.model.Slot;
import java.util.List;

/** Phi-3 and Phi-3.5 mini, Phi-4 mini: fused projections, LongRoPE, heads rotated in part. */
final class Phi3 {
  private Phi3() {}

  static Family family() {
    Names names =
        Names.llama()
            .with(Slot.QUERY_KEY_VALUE, "self_attn.qkv_proj")
            .with(Slot.GATE_UP, "mlp.gate_up_proj");
    return new Family("phi3", Phi3::spec, names, List.of("qkv_proj"));
  }

  private static ModelSpec spec(ModelConfig c) {
    AttentionSpec attention =
        Common.attention(c)
            .projections(Projections.FUSED)
            .rope(c.rope())
            .visibility(c.visibility(true));
    FeedForwardSpec feedForward =
        new FeedForwardSpec.Gated(
            c.integer("intermediate_size"),
            c.activation("hidden_act", Activation.SILU),
            false,
            true);
    BlockSpec block = new BlockSpec(attention, feedForward, Common.rmsNorm(c), NormPlacement.PRE);
    return Common.model(c, Common.blocks(c, i -> block), false);
  }
}
