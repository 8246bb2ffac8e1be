package dev.temper.alignment;

import dev.temper.train.Loss;

/** A loss over ranked completions: one value per list. A lambda is one. */
@FunctionalInterface
public interface ListLoss extends Loss<ListScores> {
  /** Whether the loss compares the policy with a reference. */
  default boolean needsReference() {
    return true;
  }
}
