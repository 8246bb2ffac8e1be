package dev.temper.alignment.loss;

import dev.temper.tensor.Tensor;

/**
 * The reward shape of AlphaPO (Gupta et al. 2025, arXiv:2501.03884): (1 − p^(−α))/α of a
 * log-probability ln p; its limit at α = 0 is ln p.
 */
final class AlphaReward {
  private AlphaReward() {}

  static Tensor of(Tensor logProb, double alpha) {
    return alpha == 0 ? logProb : logProb.mul(-alpha).exp().neg().add(1).div(alpha);
  }
}
