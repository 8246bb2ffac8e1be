package dev.temper.generate.constraint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A set of Unicode code points as ascending ranges that neither touch nor overlap. Surrogates are
 * never in it: no text of whole characters holds one.
 */
final class CharSet {
  private static final int MAX = Character.MAX_CODE_POINT;

  /** Every character. */
  static final CharSet ALL = of(0, MAX);

  /** {@code [0-9]}. */
  static final CharSet DIGITS = of('0', '9');

  /** {@code [A-Za-z0-9_]}. */
  static final CharSet WORD = DIGITS.union(of('A', 'Z')).union(of('a', 'z')).union(of('_', '_'));

  /** {@code [ \t\n\u000B\f\r]}. */
  static final CharSet SPACE = of(9, 13).union(of(' ', ' '));

  private final int[] bounds;

  private CharSet(int[] bounds) {
    this.bounds = bounds;
  }

  /** The characters from {@code low} to {@code high}. */
  static CharSet of(int low, int high) {
    return normal(List.of(new int[] {low, high}));
  }

  boolean isEmpty() {
    return bounds.length == 0;
  }

  /** Number of ranges. */
  int ranges() {
    return bounds.length / 2;
  }

  int low(int range) {
    return bounds[2 * range];
  }

  int high(int range) {
    return bounds[2 * range + 1];
  }

  boolean contains(int c) {
    for (int r = 0; r < ranges(); r++) {
      if (low(r) <= c && c <= high(r)) {
        return true;
      }
    }
    return false;
  }

  CharSet union(CharSet other) {
    List<int[]> all = list();
    all.addAll(other.list());
    return normal(all);
  }

  CharSet complement() {
    List<int[]> gaps = new ArrayList<>();
    int next = 0;
    for (int r = 0; r < ranges(); r++) {
      if (low(r) > next) {
        gaps.add(new int[] {next, low(r) - 1});
      }
      next = high(r) + 1;
    }
    if (next <= MAX) {
      gaps.add(new int[] {next, MAX});
    }
    return normal(gaps);
  }

  CharSet minus(CharSet other) {
    return complement().union(other).complement();
  }

  private List<int[]> list() {
    List<int[]> out = new ArrayList<>();
    for (int r = 0; r < ranges(); r++) {
      out.add(new int[] {low(r), high(r)});
    }
    return out;
  }

  private static CharSet normal(List<int[]> ranges) {
    List<int[]> parts = new ArrayList<>();
    for (int[] r : ranges) {
      // Cut the surrogates out.
      if (r[0] < Character.MIN_SURROGATE) {
        parts.add(new int[] {r[0], Math.min(r[1], Character.MIN_SURROGATE - 1)});
      }
      if (r[1] > Character.MAX_SURROGATE) {
        parts.add(new int[] {Math.max(r[0], Character.MAX_SURROGATE + 1), r[1]});
      }
    }
    parts.sort((a, b) -> Integer.compare(a[0], b[0]));
    int[] out = new int[2 * parts.size()];
    int n = 0;
    for (int[] r : parts) {
      if (r[0] > r[1]) {
        continue;
      }
      if (n > 0 && r[0] <= out[n - 1] + 1) {
        out[n - 1] = Math.max(out[n - 1], r[1]);
      } else {
        out[n++] = r[0];
        out[n++] = r[1];
      }
    }
    return new CharSet(Arrays.copyOf(out, n));
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof CharSet that && Arrays.equals(bounds, that.bounds);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bounds);
  }

  @Override
  public String toString() {
    return Arrays.toString(bounds);
  }
}
