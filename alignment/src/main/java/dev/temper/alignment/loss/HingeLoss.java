package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Hinge loss on the DPO margin: max(0, 1 − β(s_c − s_r)), the link of SLiC (Zhao et al. 2023,
 * arXiv:2305.10425) on log-ratios as in RSO (Liu et al. 2023, arXiv:2309.06657, eq. 10) and TRL.
 *
 * @param beta β
 * @param divergence what keeps the policy near its reference
 */
public record HingeLoss(double beta, Divergence divergence) implements PreferenceLoss {
  /** Checks the ranges. */
  public HingeLoss {
    Checks.positive("HingeLoss", "beta", beta);
  }

  /** With reverse KL. */
  public HingeLoss(double beta) {
    this(beta, Divergence.reverseKl());
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor margin =
        divergence.score(in.chosenLogRatio()).sub(divergence.score(in.rejectedLogRatio()));
    return PreferenceLoss.perPair(Links.hinge(margin.mul(beta)));
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
