package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Direct Nash Optimization (Rosset et al. 2024, arXiv:2404.03715, eq. 12): −p ln σ(βΔ) − (1−p) ln
 * σ(−βΔ), with p = σ(r_c − r_r) from the scores in the data ({@code chosen_score}, {@code
 * rejected_score}: rewards against the policy of this round).
 *
 * @param beta β, called η in the paper
 */
public record DnoLoss(double beta) implements PreferenceLoss {
  /** Checks the ranges. */
  public DnoLoss {
    Checks.positive("DnoLoss", "beta", beta);
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor m = in.margin().mul(beta);
    Tensor chosen = in.chosen().constant(in.labels().requireChosenScores("DnoLoss"));
    Tensor rejected = in.chosen().constant(in.labels().requireRejectedScores("DnoLoss"));
    Tensor p = chosen.sub(rejected).sigmoid();
    Tensor loss = p.mul(m.logSigmoid()).add(p.neg().add(1).mul(m.neg().logSigmoid())).neg();
    return PreferenceLoss.perPair(loss);
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
