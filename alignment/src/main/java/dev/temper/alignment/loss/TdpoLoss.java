package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.alignment.TokenStatistic;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;
import java.util.List;

/**
 * Token-level DPO (Zeng et al. 2024, arXiv:2404.11999). K is the sequential divergence Σ_t
 * KL(π_ref(·|y_{&lt;t}) ‖ π(·|y_{&lt;t})) of a completion. TDPO1 (eq. 15–17): −ln σ(βΔ − β(K_r −
 * K_c)). TDPO2 (eq. 19–20): −ln σ(βΔ − αβ(K_r − sg K_c)).
 *
 * <p>Differences from the paper: none; it writes TDPO2's α before β K_r − sg(β K_c), which is the
 * same.
 *
 * @param beta β
 * @param alpha α, the weight of TDPO2's divergences; 0.5 in the paper; without meaning for TDPO1
 * @param version which of the two
 */
public record TdpoLoss(double beta, double alpha, Version version) implements PreferenceLoss {
  private static final TokenStatistic DIVERGENCE = new ForwardKl();

  /** Which of the paper's two losses. */
  public enum Version {
    /** Gradients flow through both divergences, which count in full. */
    TDPO1,
    /** The chosen completion's divergence is a constant. */
    TDPO2
  }

  /** Checks the ranges. */
  public TdpoLoss {
    Checks.positive("TdpoLoss", "beta", beta);
    Checks.notNegative("TdpoLoss", "alpha", alpha);
  }

  /** TDPO1. */
  public static TdpoLoss tdpo1(double beta) {
    return new TdpoLoss(beta, 1, Version.TDPO1);
  }

  /** TDPO2. */
  public static TdpoLoss tdpo2(double beta, double alpha) {
    return new TdpoLoss(beta, alpha, Version.TDPO2);
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor chosen = divergence(in.chosen());
    Tensor rejected = divergence(in.rejected());
    Tensor difference =
        switch (version) {
          case TDPO1 -> rejected.sub(chosen);
          case TDPO2 -> rejected.sub(chosen.detach()).mul(alpha);
        };
    return PreferenceLoss.perPair(in.margin().sub(difference).mul(beta).logSigmoid().neg());
  }

  private static Tensor divergence(SequenceScores scores) {
    return scores.sumByCompletion(scores.statistic(DIVERGENCE));
  }

  @Override
  public List<TokenStatistic> statistics() {
    return List.of(DIVERGENCE);
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
