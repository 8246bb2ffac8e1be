package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Contrastive Preference Optimization (Xu et al. 2024, arXiv:2401.08417, eq. 3 without its NLL
 * term): −ln σ(β(ln π(y_c) − ln π(y_r))). Add {@link ChosenNllLoss} for the NLL term, which TRL
 * weighs with {@code cpo_alpha} = 1.
 *
 * @param beta β
 * @param labelSmoothing ε, the share of pairs that are labelled the wrong way round
 * @param alpha shape of {@link AlphaReward}; 0 leaves log-probabilities as they are
 */
public record CpoLoss(double beta, double labelSmoothing, double alpha) implements PreferenceLoss {
  /** Checks the ranges. */
  public CpoLoss {
    Checks.positive("CpoLoss", "beta", beta);
    Checks.noise("CpoLoss", labelSmoothing);
  }

  /** As published. */
  public CpoLoss(double beta) {
    this(beta, 0, 0);
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor margin =
        AlphaReward.of(in.chosen().sums(), alpha).sub(AlphaReward.of(in.rejected().sums(), alpha));
    return PreferenceLoss.perPair(Links.logistic(margin.mul(beta), labelSmoothing));
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
