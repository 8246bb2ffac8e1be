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
import dev.temper.model.Slot;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;

/** Mixtures of experts of Qwen: Qwen1.5/2-MoE with a shared expert, Qwen3-MoE without. */
final class QwenMoe {
  private QwenMoe() {}

  static Family qwen2() {
    return new Family("qwen2_moe", QwenMoe::qwen2, names());
  }

  static Family qwen3() {
    return new Family("qwen3_moe", QwenMoe::qwen3, names());
  }

  private static Names names() {
    return Names.llama()
        .with(Slot.ROUTER, "mlp.gate")
        .with(Slot.EXPERT_GATE, "mlp.experts.{expert}.gate_proj")
        .with(Slot.EXPERT_UP, "mlp.experts.{expert}.up_proj")
        .with(Slot.EXPERT_DOWN, "mlp.experts.{expert}.down_proj")
        .with(Slot.SHARED_GATE, "mlp.shared_expert.gate_proj")
        .with(Slot.SHARED_UP, "mlp.shared_expert.up_proj")
        .with(Slot.SHARED_DOWN, "mlp.shared_expert.down_proj")
        .with(Slot.SHARED_SWITCH, "mlp.shared_expert_gate");
  }

  private static ModelSpec qwen2(ModelConfig c) {
    AttentionSpec attention =
        Common.attention(c).biases(c.flag("qkv_bias", true), false).rope(c.rope());
    boolean slides = c.flag("use_sliding_window", false);
    int windowed = c.integer("max_window_layers", 28);
    FeedForwardSpec.Gated shared = gated(c, "shared_expert_intermediate_size");
    return model(
        c,
        i -> c.sliding(i, slides && i % 2 == 0 && i < windowed),
        attention,
        Optional.of(new FeedForwardSpec.Shared(shared)));
  }

  private static ModelSpec qwen3(ModelConfig c) {
    boolean slides = c.flag("use_sliding_window", false);
    return model(c, i -> slides, Qwen3.attention(c), Optional.empty());
  }

  private static ModelSpec model(
      ModelConfig c,
      IntPredicate slides,
      AttentionSpec attention,
      Optional<FeedForwardSpec.Shared> shared) {
    FeedForwardSpec mixture =
        new FeedForwardSpec.Mixture(
            c.integer("num_experts", c.integer("num_local_experts", 60)),
            c.integer("num_experts_per_tok"),
            c.flag("norm_topk_prob", false)
                ? FeedForwardSpec.Weighting.RENORMALIZED
                : FeedForwardSpec.Weighting.PROBABILITY,
            gated(c, "moe_intermediate_size"),
            shared);
    List<Integer> dense = c.integers("mlp_only_layers", List.of());
    int step = c.integer("decoder_sparse_step", 1);
    return Common.model(
        c,
        Common.blocks(
            c,
            i ->
                new BlockSpec(
                    attention.visibility(c.visibility(slides.test(i))),
                    dense.contains(i) || (i + 1) % step != 0 ? Common.gated(c) : mixture,
                    Common.rmsNorm(c),
                    NormPlacement.PRE)),
        false);
  }

  private static FeedForwardSpec.Gated gated(ModelConfig c, String width) {
    return new FeedForwardSpec.Gated(c.integer(width), c.activation("hidden_act", Activation.SILU));
  }
}
