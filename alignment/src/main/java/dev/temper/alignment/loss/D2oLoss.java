package dev.temper.alignment.loss;

import dev.temper.alignment.ListLoss;
import dev.temper.alignment.ListScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Distributional Dispreference Optimization (Duan et al. 2024, arXiv:2403.03419, eq. 6): −ln σ(β/K
 * Σ h_i − α h_l): moves away from a completion that people dispreferred, towards the model's own
 * samples. The completion with the lowest reward of a list is the dispreferred one, the others are
 * samples.
 *
 * @param beta β, weight of the samples
 * @param alpha α, weight of the dispreferred completion
 */
public record D2oLoss(double beta, double alpha) implements ListLoss {
  /** Checks the ranges. */
  public D2oLoss {
    Checks.positive("D2oLoss", "beta", beta);
    Checks.positive("D2oLoss", "alpha", alpha);
  }

  @Override
  public LossOutput compute(ListScores in) {
    double[] factors = new double[in.policy().count()];
    int[] lists = new int[factors.length];
    for (int l = 0; l < in.count(); l++) {
      int[] order = in.ranked(l);
      for (int k = 0; k < order.length; k++) {
        factors[order[k]] = k == order.length - 1 ? -alpha : beta / (order.length - 1);
        lists[order[k]] = l;
      }
    }
    Tensor weighted = in.logRatios().mul(in.policy().constant(factors));
    return PreferenceLoss.perPair(in.sumByList(weighted, lists).logSigmoid().neg());
  }
}
