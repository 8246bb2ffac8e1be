package dev.temper.text.jinja;

/**
 * A part of a text, in UTF-16 positions as {@link String#substring(int, int)} takes them.
 *
 * @param start its first position
 * @param end the position after its last
 */
public record Span(int start, int end) {
  /** Checks that {@code 0 <= start <= end}. */
  public Span {
    if (start < 0 || end < start) {
      throw new IllegalArgumentException(
          "Span: expected 0 <= start <= end, got start " + start + ", end " + end);
    }
  }

  /** Its length in UTF-16 units. */
  public int length() {
    return end - start;
  }

  /** The part of {@code text} it covers. */
  public String of(String text) {
    return text.substring(start, end);
  }
}
