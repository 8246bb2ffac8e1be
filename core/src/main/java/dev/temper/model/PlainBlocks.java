package dev.temper.model;

import dev.temper.tensor.Parameter;
import java.util.Optional;

/**
 * Which models {@link dev.temper.tensor.DecodeKernels#step} computes exactly: pre-norm blocks with
 * RMS norms, rotary embedding of whole heads, SiLU gates and grouped queries. Whoever adds a
 * property to blocks excludes it here.
 */
final class PlainBlocks {
  private PlainBlocks() {}

  static boolean all(CausalLm model) {
    ModelSpec spec = model.spec();
    BlockSpec first = spec.blocks().get(0);
    return spec.blocks().stream().allMatch(first::equals)
        && spec.finalNorm().equals(Optional.of(first.norm()))
        && spec.linearLayout() == LinearLayout.OUT_IN
        && spec.embedding().equals(EmbeddingSpec.tokens(spec.vocabulary(), spec.width()))
        && plain(first);
  }

  private static boolean plain(BlockSpec block) {
    AttentionSpec a = block.attention();
    return block.norm() instanceof Norm.Rms
        && block.placement() == NormPlacement.PRE
        && block.residualScale() == 1
        && block.feedForward() instanceof FeedForwardSpec.Gated g
        && !g.fused()
        && g.activation() == Activation.SILU
        && a.projections() == Projections.SEPARATE
        && a.queryKeyNorm() instanceof QueryKeyNorm.None
        && a.visibility() instanceof Visibility.Causal
        && a.softCap().isEmpty()
        && a.headWidth() % 2 == 0
        && a.rope().filter(r -> r.width() == a.headWidth()).isPresent();
  }

  /** Weight of the norm after the last block, which a model of plain blocks has. */
  static Parameter finalNorm(CausalLm model) {
    return model.body().finalNorm().orElseThrow().weight();
  }
}
