package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * SLiC-HF (Zhao et al. 2023, arXiv:2305.10425, eq. 2): max(0, δ − ln π(y_c) + ln π(y_r)) − λ ln
 * π(y_t).
 *
 * <p>Differences from the paper: the target y_t of the regulariser is the chosen completion.
 *
 * @param delta δ, the margin
 * @param regularization λ, weight of the likelihood of the chosen completion
 */
public record SlicHfLoss(double delta, double regularization) implements PreferenceLoss {
  /** Checks the ranges. */
  public SlicHfLoss {
    Checks.positive("SlicHfLoss", "delta", delta);
    Checks.notNegative("SlicHfLoss", "regularization", regularization);
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor gap = in.rejected().sums().sub(in.chosen().sums()).add(delta).relu();
    return PreferenceLoss.perPair(gap.sub(in.chosen().sums().mul(regularization)));
  }

  @Override
  public boolean needsReference() {
    return false;
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums();
  }
}
