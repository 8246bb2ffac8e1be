package dev.temper.generate;

import dev.temper.UserException;

/** Softmax of one row in double precision, shared by the processors and the sampler. */
final class Softmax {
  /**
   * Below this distance from the largest logit, even a million terms cannot change a sum that is at
   * least 1.
   */
  private static final double NEGLIGIBLE = -60;

  private Softmax() {}

  /** The largest entry; negative infinity if there is none. */
  static float max(float[] logits, int n) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      max = Math.max(max, logits[i]);
    }
    return max;
  }

  /** Writes exp(logit - max) and returns the sum. */
  static double weights(float[] logits, int n, double max, double[] weights) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      double weight = logits[i] == Float.NEGATIVE_INFINITY ? 0.0 : Math.exp(logits[i] - max);
      weights[i] = weight;
      sum += weight;
    }
    return sum;
  }

  /** log of the sum of exp(logit). */
  static double logSumExp(float[] logits, int offset, int n, double max) {
    double sum = 0;
    for (int i = offset; i < offset + n; i++) {
      double difference = logits[i] - max;
      if (difference > NEGLIGIBLE) {
        sum += Math.exp(difference);
      }
    }
    return max + Math.log(sum);
  }

  /** Entropy in nats of the distribution with the given weights and their sum. */
  static double entropy(float[] logits, int n, double max, double[] weights, double sum) {
    double logSum = Math.log(sum);
    double entropy = 0;
    for (int i = 0; i < n; i++) {
      if (weights[i] > 0) {
        entropy -= weights[i] / sum * (logits[i] - max - logSum);
      }
    }
    return entropy;
  }

  /**
   * The largest entry of a row from which a token can be chosen.
   *
   * @param where says which row it is in an error, such as {@code "at position 12"}; may be empty
   * @throws UserException if an entry is NaN or positive infinity, or all are negative infinity
   */
  static float checkedMax(float[] logits, int offset, int n, String where) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = offset; i < offset + n; i++) {
      // One comparison for the common case: false for NaN and for positive infinity.
      if (!(logits[i] < Float.POSITIVE_INFINITY)) {
        throw new UserException(
            "The logit of token "
                + (i - offset)
                + where
                + " is "
                + logits[i]
                + ": the model's weights or activations overflowed (load it in float32 and check the weights),"
                + " or a logits processor or a tiny temperature did it.");
      }
      if (logits[i] > max) {
        max = logits[i];
      }
    }
    if (max == Float.NEGATIVE_INFINITY) {
      throw new UserException(
          "No token can be chosen"
              + where
              + ": all "
              + n
              + " logits are -Infinity, so the logits processors (banned tokens, no-repeat-ngram,"
              + " min-new-tokens, constraints) ban every token, or the model gave no finite logit. Relax them.");
    }
    return max;
  }
}
