package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Length-normalised DPO (Tülu 3, Lambert et al. 2024, arXiv:2411.15124, eq. 6): −ln σ(β(s_c/|y_c| −
 * s_r/|y_r|)).
 *
 * @param beta β
 * @param divergence what keeps the policy near its reference
 */
public record SigmoidNormLoss(double beta, Divergence divergence) implements PreferenceLoss {
  /** Checks the ranges. */
  public SigmoidNormLoss {
    Checks.positive("SigmoidNormLoss", "beta", beta);
  }

  /** With reverse KL. */
  public SigmoidNormLoss(double beta) {
    this(beta, Divergence.reverseKl());
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor chosen = divergence.score(in.chosenLogRatio()).div(in.chosen().lengthTensor());
    Tensor rejected = divergence.score(in.rejectedLogRatio()).div(in.rejected().lengthTensor());
    return PreferenceLoss.perPair(Links.logistic(chosen.sub(rejected).mul(beta), 0));
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
