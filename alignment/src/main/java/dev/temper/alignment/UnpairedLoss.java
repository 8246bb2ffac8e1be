package dev.temper.alignment;

import dev.temper.tensor.Tensor;
import dev.temper.train.Loss;

/** A loss over single completions with a label or a score. A lambda is one. */
@FunctionalInterface
public interface UnpairedLoss extends Loss<UnpairedScores> {
  /** Whether the loss compares the policy with a reference. */
  default boolean needsReference() {
    return true;
  }

  /**
   * Whether the loss uses an estimate of KL(π‖π_ref), made from completions paired with the prompts
   * of other examples.
   */
  default boolean needsDivergence() {
    return false;
  }

  /**
   * Whether the loss uses the mean {@link #reward} of all completions seen so far, which is kept
   * over the steps and saved with checkpoints.
   */
  default boolean needsMeanReward() {
    return false;
  }

  /** The reward the loss implies for completions, for metrics [S]. */
  default Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums());
  }
}
