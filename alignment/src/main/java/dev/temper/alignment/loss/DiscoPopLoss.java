package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * DiscoPOP, the log-ratio modulated loss found by a language model (Lu et al. 2024,
 * arXiv:2406.08414, eq. 5): with l = βΔ and m = σ(l/τ), (1−m)(−ln σ(l)) + m e^(−l).
 *
 * <p>It is not monotone: near a tie its gradient has the opposite sign. That is the published
 * formula.
 *
 * @param beta β
 * @param tau τ, width of the change from one loss to the other
 */
public record DiscoPopLoss(double beta, double tau) implements PreferenceLoss {
  /** Checks the ranges. */
  public DiscoPopLoss {
    Checks.positive("DiscoPopLoss", "beta", beta);
    Checks.positive("DiscoPopLoss", "tau", tau);
  }

  /** With τ = 0.05 as published. */
  public DiscoPopLoss(double beta) {
    this(beta, 0.05);
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor l = in.margin().mul(beta);
    Tensor logistic = l.logSigmoid().neg();
    Tensor exponential = l.neg().exp();
    Tensor modulation = l.div(tau).sigmoid();
    return PreferenceLoss.perPair(
        logistic.mul(l.div(-tau).sigmoid()).add(exponential.mul(modulation)));
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
