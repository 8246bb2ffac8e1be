package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Self-Play Preference Optimization with hard labels (Wu et al. 2024, arXiv:2405.00675, eq. 4.7 at
 * probabilities 1 and 0): (h_c − 1/(2β))² + (h_r + 1/(2β))².
 *
 * @param beta β = 1/η
 */
public record SppoHardLoss(double beta) implements PreferenceLoss {
  /** Checks the ranges. */
  public SppoHardLoss {
    Checks.positive("SppoHardLoss", "beta", beta);
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor chosen = in.chosenLogRatio().sub(0.5 / beta).square();
    Tensor rejected = in.rejectedLogRatio().add(0.5 / beta).square();
    return PreferenceLoss.perPair(chosen.add(rejected));
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
