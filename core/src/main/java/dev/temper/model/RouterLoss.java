package dev.temper.model;

import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;

/**
 * The auxiliary loss that keeps the experts of a mixture equally busy (Shazeer et al. 2017; Fedus
 * et al. 2021, equations 4 to 6).
 */
public final class RouterLoss {
  private RouterLoss() {}

  /**
   * E · Σₑ fₑ Pₑ: fₑ is the number of choices of expert e divided by the rows, Pₑ its mean
   * probability, both over the rows of all layers together, as transformers computes it. Σ fₑ is
   * {@code chosen}, so the loss of equally busy experts is {@code chosen}, not 1 as in the paper,
   * whose tokens choose one expert. Gradients flow through P only.
   *
   * <p>A product of two means is not a sum over rows: over micro-batches the mean of their losses
   * is close to the loss of the whole step but not equal to it.
   *
   * @param routerLogits scores [N, E] of each layer, as {@link CausalLm#routed} gives them
   * @param chosen experts each token goes to
   * @return a scalar
   */
  public static Tensor loadBalance(List<Tensor> routerLogits, int chosen) {
    if (routerLogits.isEmpty()) {
      throw new IllegalArgumentException("the model has no router: it is no mixture of experts");
    }
    Tensor all = Tensors.cat(routerLogits, 0);
    Tensor probabilities = all.softmax(-1);
    int experts = Math.toIntExact(all.dim(-1));
    double rows = all.dim(0);
    float[] share = new float[experts];
    for (long e : all.detach().topK(chosen, 1).indices().toLongs()) {
      share[(int) e] += (float) (1 / rows);
    }
    return probabilities.sum(0, false).mul(Tensors.of(share, experts)).sum().mul(experts / rows);
  }

  /**
   * The loss of every sequence by itself [S], which does not depend on how a step is cut into
   * micro-batches. For a batch of one sequence it is what transformers computes; for more,
   * transformers mixes the rows of all sequences, padding left out.
   *
   * @param routerLogits scores [N, E] of each layer of the batch
   * @param segments the sequences of the batch; a prefix counts as a sequence of its own
   * @param chosen experts each token goes to
   */
  public static Tensor perSequence(List<Tensor> routerLogits, Segments segments, int chosen) {
    List<Tensor> losses = new ArrayList<>();
    for (int i = 0; i < segments.count(); i++) {
      int from = segments.starts()[i];
      int to = segments.ends()[i];
      losses.add(
          loadBalance(routerLogits.stream().map(l -> l.slice(0, from, to)).toList(), chosen));
    }
    return Tensors.stack(losses, 0);
  }
}
