package dev.temper.data;

import java.util.Arrays;
import java.util.Objects;

/**
 * A tokenized training example, on the host.
 *
 * <p>Nothing is shifted: {@code weights[t]} is the weight of predicting token {@code ids[t]} from
 * the tokens before it, and 0 means the token is not trained. {@code weights[0]} is ignored
 * wherever a sequence begins, because nothing predicts its first token. (TRL's {@code labels[t]} is
 * {@code ids[t]} where the weight is not 0, and -100 where it is.)
 *
 * @param ids token ids, 0 or more each; the array is the example's own and must not be changed
 * @param weights as many, finite, 0 or more; must not be changed
 * @param origin where the example comes from, for messages
 */
@SuppressWarnings("ArrayRecordComponent") // host data on the hot path: no boxing, no copies
public record TokenExample(int[] ids, float[] weights, Origin origin) {
  /** Checks lengths and ranges. */
  public TokenExample {
    Objects.requireNonNull(origin, "origin");
    if (ids.length != weights.length) {
      throw new IllegalArgumentException(
          origin + ": weights: " + weights.length + " values for " + ids.length + " token ids");
    }
    for (int t = 0; t < ids.length; t++) {
      if (ids[t] < 0) {
        throw new IllegalArgumentException(origin + ": ids[" + t + "]: " + ids[t] + " is negative");
      }
      if (!(weights[t] >= 0) || Float.isInfinite(weights[t])) {
        throw new IllegalArgumentException(
            origin + ": weights[" + t + "]: " + weights[t] + " must be finite and 0 or more");
      }
    }
  }

  /** An example of which every token is trained. */
  public static TokenExample allTrained(int[] ids, Origin origin) {
    float[] weights = new float[ids.length];
    Arrays.fill(weights, 1);
    return new TokenExample(ids, weights, origin);
  }

  /** Number of tokens. */
  public int length() {
    return ids.length;
  }

  /** Number of tokens that are trained; the first token never counts. */
  public int trainedTokens() {
    int count = 0;
    for (int t = 1; t < weights.length; t++) {
      if (weights[t] > 0) {
        count++;
      }
    }
    return count;
  }

  /**
   * The tokens from {@code from} (inclusive) to {@code to} (exclusive), as an example of their own.
   */
  public TokenExample slice(int from, int to) {
    if (from == 0 && to == ids.length) {
      return this;
    }
    Objects.checkFromToIndex(from, to, ids.length);
    return new TokenExample(
        Arrays.copyOfRange(ids, from, to), Arrays.copyOfRange(weights, from, to), origin);
  }

  /**
   * The same tokens with every weight multiplied, as by a row's own weight.
   *
   * @param factor finite, 0 or more
   */
  public TokenExample weighted(double factor) {
    if (factor == 1) {
      return this;
    }
    float[] scaled = new float[weights.length];
    for (int t = 0; t < scaled.length; t++) {
      scaled[t] = (float) (weights[t] * factor);
    }
    return new TokenExample(ids, scaled, origin);
  }

  /** Equal if ids, weights and origin are. */
  @Override
  public boolean equals(Object other) {
    return other instanceof TokenExample that
        && Arrays.equals(ids, that.ids)
        && Arrays.equals(weights, that.weights)
        && origin.equals(that.origin);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * Arrays.hashCode(ids) + Arrays.hashCode(weights)) + origin.hashCode();
  }

  @Override
  public String toString() {
    return "TokenExample["
        + ids.length
        + " tokens, "
        + trainedTokens()
        + " trained, "
        + origin
        + "]";
  }
}
