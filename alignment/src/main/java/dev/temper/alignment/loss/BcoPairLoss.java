package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Binary Classifier Optimization of pairs (Jung et al. 2024, arXiv:2404.04656): −ln σ(βh_c) − ln
 * σ(−βh_r).
 *
 * <p>Differences from the paper: no running reward shift, as in TRL's {@code bco_pair}.
 *
 * @param beta β
 */
public record BcoPairLoss(double beta) implements PreferenceLoss {
  /** Checks the ranges. */
  public BcoPairLoss {
    Checks.positive("BcoPairLoss", "beta", beta);
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor chosen = in.chosenLogRatio().mul(beta).logSigmoid();
    Tensor rejected = in.rejectedLogRatio().mul(-beta).logSigmoid();
    return PreferenceLoss.perPair(chosen.add(rejected).neg());
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
