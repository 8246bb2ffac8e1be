package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Exact Optimization of pairs (Ji et al. 2024, arXiv:2402.00856, eq. 16): the reverse KL from the
 * policy's preference q = σ(βΔ) to the smoothed label, q (ln q − ln(1−ε)) + (1−q) (ln(1−q) − ln ε).
 *
 * @param beta β
 * @param labelSmoothing ε, above 0
 */
public record ExoPairLoss(double beta, double labelSmoothing) implements PreferenceLoss {
  /** Checks the ranges. */
  public ExoPairLoss {
    Checks.positive("ExoPairLoss", "beta", beta);
    Checks.positive("ExoPairLoss", "labelSmoothing", labelSmoothing);
    Checks.noise("ExoPairLoss", labelSmoothing);
  }

  /** With TRL's smallest smoothing, 0.001. */
  public ExoPairLoss(double beta) {
    this(beta, 1e-3);
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor m = in.margin().mul(beta);
    Tensor better = m.logSigmoid();
    Tensor worse = m.neg().logSigmoid();
    Tensor loss =
        m.sigmoid()
            .mul(better.sub(Math.log1p(-labelSmoothing)))
            .add(m.neg().sigmoid().mul(worse.sub(Math.log(labelSmoothing))));
    return PreferenceLoss.perPair(loss);
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
