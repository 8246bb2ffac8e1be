package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Anchored Preference Optimization, down (D'Oosterlinck et al. 2024, arXiv:2408.06266): σ(βh_c) + 1
 * − σ(βΔ): for data worse than the model, both become less likely, the rejected ones more so.
 *
 * @param beta β
 */
public record ApoDownLoss(double beta) implements PreferenceLoss {
  /** Checks the ranges. */
  public ApoDownLoss {
    Checks.positive("ApoDownLoss", "beta", beta);
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor down = in.chosenLogRatio().mul(beta).sigmoid();
    return PreferenceLoss.perPair(down.add(in.margin().mul(-beta).sigmoid()));
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
