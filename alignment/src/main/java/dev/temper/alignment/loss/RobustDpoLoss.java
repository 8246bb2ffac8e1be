package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Robust DPO (Chowdhury et al. 2024, arXiv:2403.00409, eq. 12): [−(1−ε) ln σ(βΔ) + ε ln σ(−βΔ)] /
 * (1−2ε), an unbiased estimate of the loss on clean labels.
 *
 * @param beta β
 * @param labelSmoothing ε, the share of pairs that are labelled the wrong way round
 */
public record RobustDpoLoss(double beta, double labelSmoothing) implements PreferenceLoss {
  /** Checks the ranges. */
  public RobustDpoLoss {
    Checks.positive("RobustDpoLoss", "beta", beta);
    Checks.noise("RobustDpoLoss", labelSmoothing);
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor m = in.margin().mul(beta);
    Tensor right = m.logSigmoid().neg().mul(1 - labelSmoothing);
    Tensor wrong = m.neg().logSigmoid().mul(labelSmoothing);
    return PreferenceLoss.perPair(right.add(wrong).div(1 - 2 * labelSmoothing));
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
