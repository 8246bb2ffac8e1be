package dev.temper.text;

/**
 * A range of a text in UTF-16 units.
 *
 * @param start first unit
 * @param end past-last unit
 */
public record Span(int start, int end) {
  /** Checks that the range is not reversed. */
  public Span {
    if (start < 0 || end < start) {
      throw new IllegalArgumentException("span must satisfy 0 <= start <= end; got [" + start + ", " + end + ")");
    }
  }

  /** The number of units. */
  public int length() {
    return end - start;
  }
}
