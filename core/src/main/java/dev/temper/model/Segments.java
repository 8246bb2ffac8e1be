package dev.temper.model;

import java.util.Arrays;

/**
 * The sequences of a flat batch.
 *
 * @param starts first token of each segment
 * @param ends one past its last token
 * @param prefixes index of the segment whose keys and values this one also sees (a shared prompt),
 *     or -1
 */
public record Segments(int[] starts, int[] ends, int[] prefixes) {
  /**
   * Checks that the segments cover the batch in order and that a prefix comes before its branches
   * and has none itself.
   */
  public Segments {
    int at = 0;
    for (int i = 0; i < starts.length; i++) {
      if (starts[i] != at || ends[i] <= starts[i]) {
        throw new IllegalArgumentException(
            "segment "
                + i
                + " is ["
                + starts[i]
                + ", "
                + ends[i]
                + ") but must start at "
                + at
                + " and not be empty");
      }
      int p = prefixes[i];
      if (p >= i || p < -1 || (p >= 0 && prefixes[p] != -1)) {
        throw new IllegalArgumentException(
            "segment "
                + i
                + ": prefix "
                + p
                + " must be an earlier segment without a prefix, or -1");
      }
      at = ends[i];
    }
  }

  /** Segments of these lengths, no prefixes. */
  public static Segments ofLengths(int... lengths) {
    int[] starts = new int[lengths.length];
    int[] ends = new int[lengths.length];
    int at = 0;
    for (int i = 0; i < lengths.length; i++) {
      starts[i] = at;
      at += lengths[i];
      ends[i] = at;
    }
    int[] none = new int[lengths.length];
    Arrays.fill(none, -1);
    return new Segments(starts, ends, none);
  }

  /** Number of segments. */
  public int count() {
    return starts.length;
  }

  /** Tokens of segment {@code i}, its prefix not counted. */
  public int length(int i) {
    return ends[i] - starts[i];
  }

  /** Tokens segment {@code i} sees at its end, its prefix included: the length of the sequence. */
  public int context(int i) {
    return length(i) + (prefixes[i] < 0 ? 0 : length(prefixes[i]));
  }

  /** Rows start, end, prefix start, prefix end. */
  long[] table() {
    long[] rows = new long[4 * count()];
    for (int i = 0; i < count(); i++) {
      rows[4 * i] = starts[i];
      rows[4 * i + 1] = ends[i];
      if (prefixes[i] >= 0) {
        rows[4 * i + 2] = starts[prefixes[i]];
        rows[4 * i + 3] = ends[prefixes[i]];
      }
    }
    return rows;
  }
}
