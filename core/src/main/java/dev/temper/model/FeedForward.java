package dev.temper.model;

import dev.temper.tensor.Nn;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The feed-forward part of a block with its weights. */
sealed interface FeedForward {
  /** Its linears; a router is none, it is never adapted. */
  List<Linear> linears();

  Output forward(Tensor x);

  /**
   * What it computes.
   *
   * @param value [N, D]
   * @param routerLogits [N, E] where experts were chosen
   */
  record Output(Tensor value, Optional<Tensor> routerLogits) {
    Output(Tensor value) {
      this(value, Optional.empty());
    }
  }

  /** down(act(gate x) · up x). */
  record Gated(FeedForwardSpec.Gated spec, Linear gate, Linear up, Linear down)
      implements FeedForward {
    @Override
    public List<Linear> linears() {
      return List.of(gate, up, down);
    }

    @Override
    public Output forward(Tensor x) {
      return new Output(down.apply(spec.activation().gated(gate.apply(x), up.apply(x))));
    }
  }

  /** The same, gate and up in one linear. */
  record FusedGated(FeedForwardSpec.Gated spec, Linear gateUp, Linear down) implements FeedForward {
    @Override
    public List<Linear> linears() {
      return List.of(gateUp, down);
    }

    @Override
    public Output forward(Tensor x) {
      Tensor both = gateUp.apply(x);
      int inner = spec.inner();
      return new Output(
          down.apply(
              spec.activation().gated(both.slice(1, 0, inner), both.slice(1, inner, 2L * inner))));
    }
  }

  /** down(act(up x)). */
  record Plain(FeedForwardSpec.Plain spec, Linear up, Linear down) implements FeedForward {
    @Override
    public List<Linear> linears() {
      return List.of(up, down);
    }

    @Override
    public Output forward(Tensor x) {
      return new Output(down.apply(spec.activation().apply(up.apply(x))));
    }
  }

  /** An expert that sees every token. */
  record Shared(FeedForward expert, Linear weight) {}

  /**
   * A mixture of experts. Each expert runs once, over the rows that chose it.
   *
   * @param router [E, D]
   */
  record Mixture(
      FeedForwardSpec.Mixture spec,
      Parameter router,
      List<FeedForward> experts,
      Optional<Shared> shared)
      implements FeedForward {
    @Override
    public List<Linear> linears() {
      List<Linear> out = new ArrayList<>();
      experts.forEach(e -> out.addAll(e.linears()));
      shared.ifPresent(
          s -> {
            out.addAll(s.expert.linears());
            out.add(s.weight);
          });
      return out;
    }

    @Override
    public Output forward(Tensor x) {
      Tensor logits = Nn.linear(x, router.value(), null);
      Tensor.Sorted best = logits.softmax(-1).topK(spec.chosen(), 1);
      Tensor weights =
          spec.weighting() == FeedForwardSpec.Weighting.RENORMALIZED
              ? best.values().div(best.values().sum(1, true))
              : best.values();
      Tensor y = routed(x, best.indices().toLongs()).mul(weights.unsqueeze(-1)).sum(1);
      if (shared.isPresent()) {
        Shared s = shared.get();
        y = y.add(s.expert.forward(x).value().mul(s.weight.apply(x).sigmoid()));
      }
      return new Output(y, Optional.of(logits));
    }

    /**
     * Outputs [N, k, D] of the chosen experts.
     *
     * @param choices expert of each token and place [N · k]
     */
    private Tensor routed(Tensor x, long[] choices) {
      int k = spec.chosen();
      int[] counts = new int[experts.size()];
      for (long c : choices) {
        counts[(int) c]++;
      }
      int[] next = new int[counts.length];
      for (int e = 1; e < next.length; e++) {
        next[e] = next[e - 1] + counts[e - 1];
      }
      int[] from = next.clone();
      int[] rows = new int[choices.length];
      int[] places = new int[choices.length];
      for (int i = 0; i < choices.length; i++) {
        int place = next[(int) choices[i]]++;
        rows[place] = i / k;
        places[i] = place;
      }
      List<Tensor> parts = new ArrayList<>();
      for (int e = 0; e < counts.length; e++) {
        if (counts[e] > 0) {
          int[] mine = Arrays.copyOfRange(rows, from[e], from[e] + counts[e]);
          parts.add(experts.get(e).forward(x.indexSelect(0, Tensors.ofInts(mine))).value());
        }
      }
      return Tensors.cat(parts, 0).indexSelect(0, Tensors.ofInts(places)).reshape(-1, k, x.dim(-1));
    }
  }
}
