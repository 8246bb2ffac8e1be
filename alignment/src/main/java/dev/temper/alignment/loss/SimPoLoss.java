package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * SimPO (Meng et al. 2024, arXiv:2405.14734, eq. 6): −ln σ(β(m_c − m_r) − γ), m the mean
 * log-probability of a completion's tokens. With {@code alpha} other than 0 it is AlphaPO (Gupta et
 * al. 2025, arXiv:2501.03884).
 *
 * @param beta β; 2.0 to 2.5 in the paper
 * @param gamma γ, the margin aimed at; 0.5 to 1.5 in the paper
 * @param labelSmoothing ε, the share of pairs that are labelled the wrong way round
 * @param alpha shape of {@link AlphaReward}; 0 leaves log-probabilities as they are
 */
public record SimPoLoss(double beta, double gamma, double labelSmoothing, double alpha)
    implements PreferenceLoss {
  /** Checks the ranges. */
  public SimPoLoss {
    Checks.positive("SimPoLoss", "beta", beta);
    Checks.notNegative("SimPoLoss", "gamma", gamma);
    Checks.noise("SimPoLoss", labelSmoothing);
  }

  /** As published. */
  public SimPoLoss(double beta, double gamma) {
    this(beta, gamma, 0, 0);
  }

  /** AlphaPO: with another shape of the reward. */
  public SimPoLoss alpha(double value) {
    return new SimPoLoss(beta, gamma, labelSmoothing, value);
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor margin =
        AlphaReward.of(in.chosen().means(), alpha)
            .sub(AlphaReward.of(in.rejected().means(), alpha));
    return PreferenceLoss.perPair(Links.logistic(margin.mul(beta).sub(gamma), labelSmoothing));
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
