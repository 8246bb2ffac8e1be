package dev.temper.alignment;

import dev.temper.tensor.Tensor;
import dev.temper.train.Loss;
import dev.temper.train.LossOutput;
import java.util.List;

/**
 * A loss over preference pairs. A lambda from {@link PairScores} to unreduced values is one; the
 * losses of the literature say in addition what their implicit reward is and what they need.
 */
@FunctionalInterface
public interface PreferenceLoss extends Loss<PairScores> {
  /** Whether the loss compares the policy with a reference. */
  default boolean needsReference() {
    return true;
  }

  /**
   * Whether the value of one pair depends on the other pairs of the step. Such a loss is computed
   * over the whole step at once, whatever the micro-batches.
   */
  default boolean couplesPairs() {
    return false;
  }

  /**
   * What the loss wants to know of the distribution of each token, beside the log-probability of
   * the token itself; most losses nothing. It finds the values in {@link SequenceScores#statistic}.
   */
  default List<TokenStatistic> statistics() {
    return List.of();
  }

  /**
   * The reward the loss implies for completions, for metrics [P]; h = ln π − ln π_ref unless the
   * loss scales it.
   *
   * @param policy the policy's view
   * @param reference the reference's view; the policy's own for losses that have none
   */
  default Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums());
  }

  /** This loss plus {@code weight} times another; rewards in the metrics stay those of this one. */
  default PreferenceLoss plus(double weight, PreferenceLoss other) {
    return new SumLoss(this, weight, other);
  }

  /** This loss times a number; rewards in the metrics stay the same. */
  default PreferenceLoss times(double factor) {
    return new ScaledLoss(factor, this);
  }

  /** One value per pair. */
  static LossOutput perPair(Tensor values) {
    return LossOutput.of(values, LossOutput.Per.EXAMPLE);
  }
}
