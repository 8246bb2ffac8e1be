package dev.temper.generate;

import dev.temper.UserException;
import java.util.List;
import java.util.Objects;

/**
 * Chooses the next token of a sequence from its logits and one uniform number.
 *
 * <p>The choice is a pure function of the row, the context and the number: it does not depend on
 * which other sequences are in the batch. The uniform number comes from the caller, who derives it
 * from (seed, sequence, position). Drawing is the inverse of the cumulative distribution over
 * ascending ids, in double precision; a banned token is never chosen.
 *
 * <p>A sampler owns a buffer of one row: use one per thread.
 */
public final class Sampler {
  private final boolean greedy;
  private final LogitsProcessor processor;
  private float[] row = new float[0];

  /** A sampler with the given settings. */
  public Sampler(Sampling sampling) {
    this(sampling, List.of());
  }

  /**
   * A sampler with the given settings and constraints; see {@link Sampling#processor(List)} for
   * their place.
   */
  public Sampler(Sampling sampling, List<? extends LogitsProcessor> constraints) {
    this.greedy = sampling.isGreedy();
    this.processor = sampling.processor(constraints);
  }

  /**
   * Chooses a token and reports its log-probabilities.
   *
   * @param logits holds the row; is not changed
   * @param offset index of the row's first logit, so that a row of a flat [B, V] array needs no
   *     copy
   * @param vocabulary V, number of logits of the row
   * @param context ids before the token
   * @param u uniform number in [0, 1); greedy decoding ignores it
   * @throws UserException if a logit is NaN or positive infinity, before or after the processors,
   *     or every token is banned
   */
  public Sampled next(float[] logits, int offset, int vocabulary, TokenContext context, double u) {
    double rawMax = process(logits, offset, vocabulary, context);
    double[] weights = Scratch.get().weights(vocabulary);
    double max = Softmax.checkedMax(row, 0, vocabulary, where(context));
    double sum = Softmax.weights(row, vocabulary, max, weights);
    int token = greedy ? argMax(row) : draw(weights, vocabulary, sum, u);
    return new Sampled(
        token,
        row[token] - max - Math.log(sum),
        logits[offset + token] - Softmax.logSumExp(logits, offset, vocabulary, rawMax));
  }

  /** Chooses a token and reports its log-probabilities; the row is the whole array. */
  public Sampled next(float[] logits, TokenContext context, double u) {
    return next(logits, 0, logits.length, context, u);
  }

  /**
   * Chooses the same token as {@link #next(float[], int, int, TokenContext, double)} without
   * computing log-probabilities.
   *
   * @return the token's id
   */
  public int nextToken(float[] logits, int offset, int vocabulary, TokenContext context, double u) {
    process(logits, offset, vocabulary, context);
    double max = Softmax.checkedMax(row, 0, vocabulary, where(context));
    if (greedy) {
      return argMax(row);
    }
    double[] weights = Scratch.get().weights(vocabulary);
    return draw(weights, vocabulary, Softmax.weights(row, vocabulary, max, weights), u);
  }

  /**
   * Draws from the softmax of a row of processed logits.
   *
   * @param logits [V]; is not changed
   * @param u uniform number in [0, 1)
   * @throws UserException if a logit is NaN or positive infinity, or all are negative infinity
   */
  public static int sample(float[] logits, double u) {
    double max = Softmax.checkedMax(logits, 0, logits.length, "");
    double[] weights = Scratch.get().weights(logits.length);
    return draw(weights, logits.length, Softmax.weights(logits, logits.length, max, weights), u);
  }

  /**
   * The id of the largest logit, the smallest one among ties.
   *
   * @throws UserException if a logit is NaN or positive infinity, or all are negative infinity
   */
  public static int greedy(float[] logits) {
    Softmax.checkedMax(logits, 0, logits.length, "");
    return argMax(logits);
  }

  /**
   * Copies the row into the buffer and processes it there; returns the largest logit before that.
   */
  private double process(float[] logits, int offset, int vocabulary, TokenContext context) {
    Objects.checkFromIndexSize(offset, vocabulary, logits.length);
    double rawMax = Softmax.checkedMax(logits, offset, vocabulary, where(context));
    if (row.length != vocabulary) {
      row = new float[vocabulary];
    }
    System.arraycopy(logits, offset, row, 0, vocabulary);
    processor.process(row, context);
    return rawMax;
  }

  private static int argMax(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }

  /** The first id whose cumulative weight exceeds u times the sum. */
  private static int draw(double[] weights, int n, double sum, double u) {
    if (!(u >= 0 && u < 1)) {
      throw new IllegalArgumentException(
          "u is " + u + ", must be in [0, 1): draw it from a uniform generator");
    }
    double target = u * sum;
    double cumulative = 0;
    int last = -1;
    for (int i = 0; i < n; i++) {
      if (weights[i] > 0) {
        cumulative += weights[i];
        last = i;
        if (cumulative > target) {
          return i;
        }
      }
    }
    // Only if u * sum rounds up to the sum: u is next to 1, so the last token with any weight is
    // the one.
    return last;
  }

  private static String where(TokenContext context) {
    return " at position "
        + context.length()
        + " of the sequence ("
        + context.newTokens()
        + " tokens generated)";
  }
}
