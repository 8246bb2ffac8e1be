package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Negative Preference Optimization (Zhang et al. 2024, arXiv:2404.05868, eq. 3): −(2/β) ln
 * σ(−βh_r): forgets the rejected completions and ignores the chosen ones. As β → 0 its gradient is
 * that of gradient ascent on the rejected ones. Add {@link ChosenNllLoss} to retain something.
 *
 * @param beta β
 */
public record NpoLoss(double beta) implements PreferenceLoss {
  /** Checks the ranges. */
  public NpoLoss {
    Checks.positive("NpoLoss", "beta", beta);
  }

  @Override
  public LossOutput compute(PairScores in) {
    return PreferenceLoss.perPair(in.rejectedLogRatio().mul(-beta).logSigmoid().mul(-2 / beta));
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
