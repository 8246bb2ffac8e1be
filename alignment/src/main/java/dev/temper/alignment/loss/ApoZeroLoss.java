package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Anchored Preference Optimization, zero (D'Oosterlinck et al. 2024, arXiv:2408.06266): 1 − σ(βh_c)
 * + σ(βh_r): for data better than the model, the chosen completions become likelier and the
 * rejected ones less likely.
 *
 * @param beta β
 */
public record ApoZeroLoss(double beta) implements PreferenceLoss {
  /** Checks the ranges. */
  public ApoZeroLoss {
    Checks.positive("ApoZeroLoss", "beta", beta);
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor up = in.chosenLogRatio().mul(-beta).sigmoid();
    return PreferenceLoss.perPair(up.add(in.rejectedLogRatio().mul(beta).sigmoid()));
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
