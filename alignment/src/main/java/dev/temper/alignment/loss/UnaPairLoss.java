package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * UNA on pairs (Wang et al. 2024, arXiv:2408.15339): the logistic loss of the difference of
 * implicit rewards βh, which is DPO.
 *
 * @param beta β
 */
public record UnaPairLoss(double beta) implements PreferenceLoss {
  /** Checks the ranges. */
  public UnaPairLoss {
    Checks.positive("UnaPairLoss", "beta", beta);
  }

  @Override
  public LossOutput compute(PairScores in) {
    return new DpoLoss(beta).compute(in);
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
