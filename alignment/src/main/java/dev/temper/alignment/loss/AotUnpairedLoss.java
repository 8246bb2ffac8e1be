package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Alignment via Optimal Transport (Melnyk et al. 2024, arXiv:2406.05882): first-order stochastic
 * dominance of log-ratios of the chosen completions, sorted, against those of the rejected ones,
 * sorted: the logistic loss of β times the differences.
 *
 * <p>The values belong to order statistics, not to pairs, so the loss couples all pairs of a step.
 * It is computed over the whole step, however the step is cut into micro-batches; TRL sorts within
 * one.
 *
 * @param beta β
 * @param labelSmoothing ε, the share of pairs that are labelled the wrong way round
 */
public record AotUnpairedLoss(double beta, double labelSmoothing) implements PreferenceLoss {
  /** Checks the ranges. */
  public AotUnpairedLoss {
    Checks.positive("AotUnpairedLoss", "beta", beta);
    Checks.noise("AotUnpairedLoss", labelSmoothing);
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor chosen = in.chosenLogRatio().sort(0, false).values();
    Tensor gap = chosen.sub(in.rejectedLogRatio().sort(0, false).values());
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
