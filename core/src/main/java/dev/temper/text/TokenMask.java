package dev.temper.text;

import dev.temper.text.jinja.Span;
import java.util.ArrayList;
import java.util.List;

/**
 * The tokens that some spans of a text touch.
 *
 * <p>The rule is transformers': a token belongs to a span as soon as they overlap. A token that
 * lies across a border of a span belongs to both sides; training on it trains on a piece of the
 * prompt. Such tokens are reported, so that the caller can fail or decide.
 *
 * @param mask whether each token touches a span {@code [N]}; do not write to it
 * @param straddling tokens that lie across a border, in text order
 */
@SuppressWarnings("ArrayRecordComponent") // one flag per token
public record TokenMask(boolean[] mask, List<Straddle> straddling) {

  /** Copies the list. */
  public TokenMask {
    straddling = List.copyOf(straddling);
  }

  /**
   * A token across a border of a span.
   *
   * @param token its index
   * @param covers what it covers
   * @param span the span whose border it crosses
   */
  public record Straddle(int token, Span covers, Span span) {}

  /** The tokens that the spans touch. */
  public static TokenMask of(Encoding encoding, List<Span> spans) {
    boolean[] mask = new boolean[encoding.length()];
    List<Straddle> straddling = new ArrayList<>();
    for (Span span : spans) {
      for (int t = firstEndingAfter(encoding, span.start()); t < mask.length; t++) {
        int start = encoding.starts()[t];
        int end = encoding.ends()[t];
        if (overlaps(start, end, span)) {
          mask[t] = true;
          if (start < span.start() || end > span.end()) {
            straddling.add(new Straddle(t, new Span(start, end), span));
          }
        } else if (start >= span.end()) {
          break;
        }
      }
    }
    return new TokenMask(mask, straddling);
  }

  static boolean overlaps(int start, int end, Span span) {
    return end > span.start() && start < span.end();
  }

  /** Ends never decrease from token to token, so the first candidate is found by bisection. */
  private static int firstEndingAfter(Encoding encoding, int position) {
    int low = 0;
    int high = encoding.length();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (encoding.ends()[middle] > position) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  /** The number of masked tokens. */
  public int count() {
    int count = 0;
    for (boolean m : mask) {
      count += m ? 1 : 0;
    }
    return count;
  }
}
