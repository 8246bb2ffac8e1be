package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Direct Preference Optimization (Rafailov et al. 2023, arXiv:2305.18290, eq. 7): −ln σ(β(s_c −
 * s_r)), where s is the divergence's score of the log-ratio.
 *
 * <p>With label smoothing ε it is cDPO (Mitchell 2023): −(1−ε) ln σ(βΔ) − ε ln σ(−βΔ).
 *
 * <p>Differences from the paper: none. TRL's {@code loss_type="sigmoid"} ignores its {@code
 * label_smoothing}; here it is used.
 *
 * @param beta β, how strongly the policy is kept near its reference
 * @param labelSmoothing ε, the share of pairs that are labelled the wrong way round
 * @param divergence what keeps the policy near its reference
 */
public record DpoLoss(double beta, double labelSmoothing, Divergence divergence)
    implements PreferenceLoss {
  /** Checks the ranges. */
  public DpoLoss {
    Checks.positive("DpoLoss", "beta", beta);
    Checks.noise("DpoLoss", labelSmoothing);
  }

  /** DPO as published. */
  public DpoLoss(double beta) {
    this(beta, 0, Divergence.reverseKl());
  }

  /** cDPO: with a share of wrong labels. */
  public DpoLoss labelSmoothing(double epsilon) {
    return new DpoLoss(beta, epsilon, divergence);
  }

  /** f-DPO: with another divergence. */
  public DpoLoss divergence(Divergence value) {
    return new DpoLoss(beta, labelSmoothing, value);
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor margin =
        divergence.score(in.chosenLogRatio()).sub(divergence.score(in.rejectedLogRatio()));
    return PreferenceLoss.perPair(Links.logistic(margin.mul(beta), labelSmoothing));
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
