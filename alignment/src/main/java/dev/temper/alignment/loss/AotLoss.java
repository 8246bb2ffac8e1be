package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Alignment via Optimal Transport (Melnyk et al. 2024, arXiv:2406.05882): first-order stochastic
 * dominance of margins of the policy, sorted, against margins of the reference, sorted: the
 * logistic loss of β times the differences.
 *
 * <p>The values belong to order statistics, not to pairs, so the loss couples all pairs of a step.
 * It is computed over the whole step, however the step is cut into micro-batches; TRL sorts within
 * one.
 *
 * @param beta β
 * @param labelSmoothing ε, the share of pairs that are labelled the wrong way round
 */
public record AotLoss(double beta, double labelSmoothing) implements PreferenceLoss {
  /** Checks the ranges. */
  public AotLoss {
    Checks.positive("AotLoss", "beta", beta);
    Checks.noise("AotLoss", labelSmoothing);
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor policy = in.chosen().sums().sub(in.rejected().sums());
    Tensor reference = policy.sub(in.margin()).detach();
    Tensor gap = policy.sort(0, false).values().sub(reference.sort(0, false).values());
    return PreferenceLoss.perPair(Links.logistic(gap.mul(beta), labelSmoothing));
  }

  @Override
  public boolean couplesPairs() {
    return true;
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
