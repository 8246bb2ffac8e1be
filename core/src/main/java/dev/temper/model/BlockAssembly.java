package dev.temper.model;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Puts the weights of one block together as its spec says. */
record BlockAssembly(Weights weights, LinearLayout layout, int width, int layer) {
  Block block(BlockSpec spec) {
    Attention attention = attention(spec.attention());
    FeedForward feedForward = feedForward(spec.feedForward());
    Map<Slot, NormLayer> norms = new EnumMap<>(Slot.class);
    for (Slot slot : spec.placement().norms()) {
      norms.put(slot, weights.norm(spec.norm(), path(slot), width));
    }
    return new Block(spec, attention, feedForward, norms);
  }

  private Attention attention(AttentionSpec a) {
    int q = a.queryWidth();
    int k = a.keyWidth();
    Attention.Input input =
        a.projections() == Projections.SEPARATE
            ? new Attention.Input.Separate(
                linear(Slot.QUERY, width, q, a.inputBias()),
                linear(Slot.KEY, width, k, a.inputBias()),
                linear(Slot.VALUE, width, k, a.inputBias()))
            : new Attention.Input.Fused(
                linear(Slot.QUERY_KEY_VALUE, width, q + 2 * k, a.inputBias()));
    return new Attention(
        a,
        input,
        queryKeyNorm(a.queryKeyNorm(), Slot.QUERY_NORM, a.headWidth(), q),
        queryKeyNorm(a.queryKeyNorm(), Slot.KEY_NORM, a.headWidth(), k),
        linear(Slot.ATTENTION_OUTPUT, q, width, a.outputBias()));
  }

  private @Nullable NormLayer queryKeyNorm(
      QueryKeyNorm norm, Slot slot, int headWidth, int projection) {
    if (norm instanceof QueryKeyNorm.PerHead p) {
      return weights.norm(p.norm(), path(slot), headWidth);
    }
    if (norm instanceof QueryKeyNorm.WholeProjection p) {
      return weights.norm(p.norm(), path(slot), projection);
    }
    return null;
  }

  private FeedForward feedForward(FeedForwardSpec spec) {
    if (spec instanceof FeedForwardSpec.Plain p) {
      return new FeedForward.Plain(
          p,
          linear(Slot.UP, width, p.inner(), p.bias()),
          linear(Slot.DOWN, p.inner(), width, p.bias()));
    }
    if (spec instanceof FeedForwardSpec.Mixture m) {
      return mixture(m);
    }
    return gated((FeedForwardSpec.Gated) spec, Slot.GATE, Slot.UP, Slot.DOWN, 0);
  }

  private FeedForward gated(FeedForwardSpec.Gated g, Slot gate, Slot up, Slot down, int expert) {
    if (g.fused()) {
      return new FeedForward.FusedGated(
          g,
          linear(Slot.GATE_UP, width, 2 * g.inner(), g.bias()),
          linear(Slot.DOWN, g.inner(), width, g.bias()));
    }
    return new FeedForward.Gated(
        g,
        linear(gate, expert, width, g.inner(), g.bias()),
        linear(up, expert, width, g.inner(), g.bias()),
        linear(down, expert, g.inner(), width, g.bias()));
  }

  private FeedForward mixture(FeedForwardSpec.Mixture m) {
    List<FeedForward> experts = new ArrayList<>();
    for (int e = 0; e < m.experts(); e++) {
      experts.add(gated(m.expert(), Slot.EXPERT_GATE, Slot.EXPERT_UP, Slot.EXPERT_DOWN, e));
    }
    Optional<FeedForward.Shared> shared =
        m.shared()
            .map(
                s ->
                    new FeedForward.Shared(
                        gated(s.expert(), Slot.SHARED_GATE, Slot.SHARED_UP, Slot.SHARED_DOWN, 0),
                        linear(Slot.SHARED_SWITCH, width, 1, false)));
    return new FeedForward.Mixture(
        m,
        weights.tensor(path(Slot.ROUTER) + ".weight", m.experts(), width),
        List.copyOf(experts),
        shared);
  }

  private Linear linear(Slot slot, int inputs, int outputs, boolean bias) {
    return linear(slot, 0, inputs, outputs, bias);
  }

  private Linear linear(Slot slot, int expert, int inputs, int outputs, boolean bias) {
    return weights.linear(weights.path(slot, layer, expert), layout, inputs, outputs, bias);
  }

  private String path(Slot slot) {
    return weights.path(slot, layer, 0);
  }
}
