package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.alignment.TokenStatistic;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;
import java.util.List;

/**
 * Pairwise Cringe Optimization (Xu et al. 2023, arXiv:2312.16682, eq. 4): g · (NLL(chosen) + α ·
 * CRINGE(rejected)), each a mean over its completion's tokens. The gate g = σ((b − M)/τ), M = ln
 * π(y_c) − ln π(y_r), closes for pairs that are apart already. CRINGE (Adolphs et al. 2022,
 * arXiv:2211.05826, eq. 2) contrasts each rejected token with the best-scored other one: ln(1 +
 * e^(s − s*)).
 *
 * <p>Differences from the paper: s* is the best other token (the paper's k = 1), not drawn from the
 * best k. Whether gradients flow through the gate is a choice, as in the paper's appendix.
 *
 * @param bias b
 * @param temperature τ; 1 to 10 in the paper
 * @param alpha α
 * @param gate whether gradients flow through the gate
 */
public record PairwiseCringeLoss(double bias, double temperature, double alpha, Gate gate)
    implements PreferenceLoss {
  private static final TokenStatistic CONTRAST = new Contrast();

  /** What the gate is to the gradient. */
  public enum Gate {
    /** A weight. */
    CONSTANT,
    /** A function of the policy. */
    DIFFERENTIABLE
  }

  /** Checks the ranges. */
  public PairwiseCringeLoss {
    if (!Double.isFinite(bias)) {
      throw new IllegalArgumentException("PairwiseCringeLoss: bias must be finite; got " + bias);
    }
    Checks.positive("PairwiseCringeLoss", "temperature", temperature);
    Checks.notNegative("PairwiseCringeLoss", "alpha", alpha);
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor margin = in.chosen().sums().sub(in.rejected().sums());
    Tensor open = margin.neg().add(bias).div(temperature).sigmoid();
    SequenceScores rejected = in.rejected();
    Tensor cringe =
        rejected.sumByCompletion(rejected.statistic(CONTRAST)).div(rejected.lengthTensor());
    Tensor losses = in.chosen().means().neg().add(cringe.mul(alpha));
    return PreferenceLoss.perPair(losses.mul(gate == Gate.CONSTANT ? open.detach() : open));
  }

  @Override
  public boolean needsReference() {
    return false;
  }

  @Override
  public List<TokenStatistic> statistics() {
    return List.of(CONTRAST);
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums();
  }
}
