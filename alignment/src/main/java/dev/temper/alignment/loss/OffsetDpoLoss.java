package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * DPO with an offset (Amini et al. 2024, arXiv:2402.10571, eq. 8): −ln σ(βΔ − offset − m), where m
 * is the pair's margin in the data (0 if it has none).
 *
 * @param beta β
 * @param offset what every pair's margin must exceed
 */
public record OffsetDpoLoss(double beta, double offset) implements PreferenceLoss {
  /** Checks the ranges. */
  public OffsetDpoLoss {
    Checks.positive("OffsetDpoLoss", "beta", beta);
    Checks.notNegative("OffsetDpoLoss", "offset", offset);
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor target = in.chosen().constant(in.labels().margins()).add(offset);
    return PreferenceLoss.perPair(Links.logistic(in.margin().mul(beta).sub(target), 0));
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
