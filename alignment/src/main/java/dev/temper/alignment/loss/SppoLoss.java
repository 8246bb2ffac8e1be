package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Self-Play Preference Optimization (Wu et al. 2024, arXiv:2405.00675, eq. 4.5): (h_c − (p_c −
 * ½)/β)² + (h_r − (p_r − ½)/β)², where p is the probability that a completion beats the policy's
 * own. The data gives it in {@code chosen_score} and {@code rejected_score}.
 *
 * @param beta β = 1/η
 */
public record SppoLoss(double beta) implements PreferenceLoss {
  /** Checks the ranges. */
  public SppoLoss {
    Checks.positive("SppoLoss", "beta", beta);
  }

  @Override
  public LossOutput compute(PairScores in) {
    double[] chosenWins = in.labels().requireChosenScores("SppoLoss");
    double[] rejectedWins = in.labels().requireRejectedScores("SppoLoss");
    Tensor chosen = in.chosen().constant(chosenWins).sub(0.5).div(beta);
    Tensor rejected = in.chosen().constant(rejectedWins).sub(0.5).div(beta);
    return PreferenceLoss.perPair(
        in.chosenLogRatio().sub(chosen).square().add(in.rejectedLogRatio().sub(rejected).square()));
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
