package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Hinge loss without a reference: max(0, 1 − β(ln π(y_c) − ln π(y_r))), TRL's CPO with {@code
 * loss_type="hinge"} (SLiC).
 *
 * @param beta β
 * @param alpha shape of {@link AlphaReward}; 0 leaves log-probabilities as they are
 */
public record CpoHingeLoss(double beta, double alpha) implements PreferenceLoss {
  /** Checks the ranges. */
  public CpoHingeLoss {
    Checks.positive("CpoHingeLoss", "beta", beta);
  }

  /** On log-probabilities as they are. */
  public CpoHingeLoss(double beta) {
    this(beta, 0);
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor margin =
        AlphaReward.of(in.chosen().sums(), alpha).sub(AlphaReward.of(in.rejected().sums(), alpha));
    return PreferenceLoss.perPair(Links.hinge(margin.mul(beta)));
  }

  @Override
  public boolean needsReference() {
    return false;
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return AlphaReward.of(policy.sums(), alpha).mul(beta);
  }
}
