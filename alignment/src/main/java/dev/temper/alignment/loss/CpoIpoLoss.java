package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * IPO's link without a reference on mean log-probabilities: (m_c − m_r − 1/(2β))², TRL's CPO with
 * {@code loss_type="ipo"}.
 *
 * @param beta β
 * @param alpha shape of {@link AlphaReward}; 0 leaves log-probabilities as they are
 */
public record CpoIpoLoss(double beta, double alpha) implements PreferenceLoss {
  /** Checks the ranges. */
  public CpoIpoLoss {
    Checks.positive("CpoIpoLoss", "beta", beta);
  }

  /** On log-probabilities as they are. */
  public CpoIpoLoss(double beta) {
    this(beta, 0);
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor margin =
        AlphaReward.of(in.chosen().means(), alpha)
            .sub(AlphaReward.of(in.rejected().means(), alpha));
    return PreferenceLoss.perPair(Links.squared(margin, beta));
  }

  @Override
  public boolean needsReference() {
    return false;
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return AlphaReward.of(policy.means(), alpha).mul(beta);
  }
}
