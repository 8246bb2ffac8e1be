package dev.temper.alignment.loss;

import dev.temper.alignment.SequenceScores;
import dev.temper.alignment.UnpairedLoss;
import dev.temper.alignment.UnpairedScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Kahneman–Tversky Optimization (Ethayarajh et al. 2024, arXiv:2402.01306, eq. 8): 1 − σ(β(h − z))
 * for desirable completions, 1 − σ(β(z − h)) for the others, z = max(0, KL(π‖π_ref)).
 *
 * <p>Differences from the paper: none. z is estimated over the whole optimizer step; TRL estimates
 * it in each micro-batch, so its result depends on how the step is cut.
 *
 * @param beta β
 * @param desirableWeight λ_D
 * @param undesirableWeight λ_U
 */
public record KtoLoss(double beta, double desirableWeight, double undesirableWeight)
    implements UnpairedLoss {
  /** Checks the ranges. */
  public KtoLoss {
    Checks.positive("KtoLoss", "beta", beta);
    Checks.positive("KtoLoss", "desirableWeight", desirableWeight);
    Checks.positive("KtoLoss", "undesirableWeight", undesirableWeight);
  }

  /** With both weights 1. */
  public KtoLoss(double beta) {
    this(beta, 1, 1);
  }

  @Override
  public LossOutput compute(UnpairedScores in) {
    Tensor z =
        in.divergence()
            .orElseThrow(() -> new IllegalArgumentException("KtoLoss needs the divergence"));
    Tensor h = in.logRatios();
    Tensor losses = h.sub(z).mul(in.signs()).mul(-beta).sigmoid();
    return LossOutput.weighted(
        losses, in.choose(desirableWeight, undesirableWeight), LossOutput.Per.EXAMPLE);
  }

  @Override
  public boolean needsDivergence() {
    return true;
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
