package dev.temper.model;

import java.util.List;

/**
 * A flat batch without padding: all tokens one after the other.
 *
 * @param ids token ids [N]
 * @param positions position of each token in its sequence [N]; branches continue after their prefix
 */
public record TokenBatch(int[] ids, int[] positions, Segments segments) {
  /** Checks that lengths agree. */
  public TokenBatch {
    int n = segments.count() == 0 ? 0 : segments.ends()[segments.count() - 1];
    if (ids.length != n || positions.length != n) {
      throw new IllegalArgumentException(
          ids.length
              + " ids and "
              + positions.length
              + " positions for segments of "
              + n
              + " tokens");
    }
  }

  /** Whole sequences beside each other, positions from 0. */
  public static TokenBatch of(List<int[]> sequences) {
    return of(sequences, Segments.ofLengths(sequences.stream().mapToInt(s -> s.length).toArray()));
  }

  /**
   * Sequences with the given prefix relations: {@code sequences[i]} are the tokens of segment i.
   */
  public static TokenBatch of(List<int[]> sequences, Segments segments) {
    int n = sequences.stream().mapToInt(s -> s.length).sum();
    int[] ids = new int[n];
    int[] positions = new int[n];
    int at = 0;
    for (int i = 0; i < sequences.size(); i++) {
      int[] s = sequences.get(i);
      System.arraycopy(s, 0, ids, at, s.length);
      int from = segments.prefixes()[i] < 0 ? 0 : segments.length(segments.prefixes()[i]);
      for (int t = 0; t < s.length; t++) {
        positions[at + t] = from + t;
      }
      at += s.length;
    }
    return new TokenBatch(ids, positions, segments);
  }

  /** Number of tokens. */
  public int size() {
    return ids.length;
  }
}
