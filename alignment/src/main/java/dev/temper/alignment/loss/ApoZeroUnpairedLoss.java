package dev.temper.alignment.loss;

import dev.temper.alignment.SequenceScores;
import dev.temper.alignment.UnpairedLoss;
import dev.temper.alignment.UnpairedScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * APO-zero on single completions (D'Oosterlinck et al. 2024, arXiv:2408.06266): 1 − σ(βh) for
 * desirable ones, σ(βh) for the others; {@link KtoLoss} with a divergence of 0.
 *
 * @param beta β
 * @param desirableWeight weight of desirable completions
 * @param undesirableWeight weight of the others
 */
public record ApoZeroUnpairedLoss(double beta, double desirableWeight, double undesirableWeight)
    implements UnpairedLoss {
  /** Checks the ranges. */
  public ApoZeroUnpairedLoss {
    Checks.positive("ApoZeroUnpairedLoss", "beta", beta);
    Checks.positive("ApoZeroUnpairedLoss", "desirableWeight", desirableWeight);
    Checks.positive("ApoZeroUnpairedLoss", "undesirableWeight", undesirableWeight);
  }

  /** With both weights 1. */
  public ApoZeroUnpairedLoss(double beta) {
    this(beta, 1, 1);
  }

  @Override
  public LossOutput compute(UnpairedScores in) {
    Tensor losses = in.logRatios().mul(in.signs()).mul(-beta).sigmoid();
    return LossOutput.weighted(
        losses, in.choose(desirableWeight, undesirableWeight), LossOutput.Per.EXAMPLE);
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
