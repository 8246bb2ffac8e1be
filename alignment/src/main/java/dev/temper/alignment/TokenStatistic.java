package dev.temper.alignment;

import dev.temper.tensor.Tensor;
import java.util.Optional;

/**
 * A number for each completion token that depends on the whole distribution it was drawn from: what
 * a loss asks for ({@link PreferenceLoss#statistics}) when log-probabilities of tokens are not
 * enough. Computed a chunk of rows at a time; gradients are exact. Equal statistics are computed
 * once, so a record makes a good one.
 */
public interface TokenStatistic {
  /**
   * Some rows' distributions.
   *
   * @param scores the policy's scores over the vocabulary [r, V]
   * @param referenceScores the reference's, a constant; present if {@link #needsReference}
   * @param targets the tokens that follow [r]
   */
  record Distributions(Tensor scores, Optional<Tensor> referenceScores, Tensor targets) {
    /** ln p of every token of the vocabulary [r, V]. */
    public Tensor logProbs() {
      return scores.logSoftmax(1);
    }
  }

  /** The number of each row, a pure function [r]. */
  Tensor compute(Distributions rows);

  /** Whether the reference's distributions are needed too. */
  default boolean needsReference() {
    return false;
  }

  /** Whether gradients flow through it; constants cost one pass over the scores less. */
  default boolean isDifferentiable() {
    return true;
  }
}
