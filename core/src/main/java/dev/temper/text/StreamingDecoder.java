package dev.temper.text;

import java.util.Arrays;
import java.util.function.Function;

/**
 * Text of a sequence while its ids arrive.
 *
 * <p>{@link #add} returns the text that became certain; the pieces and {@link #flush} joined are
 * the text of the whole sequence. Nothing is returned while the text ends in U+FFFD: it may be the
 * start of a character whose bytes are still to come. A sequence that really ends in U+FFFD gives
 * it at {@link #flush}.
 *
 * <p>Only the ids since the last piece, after the ids of that piece as context, are decoded again,
 * so the cost does not grow with the sequence. One case has no right answer: with byte fallback,
 * invalid bytes straight after a complete character turn that character into U+FFFD too when
 * decoded at once; a piece already returned stays.
 */
public final class StreamingDecoder {
  private static final String UNFINISHED = "\uFFFD";

  private final Function<int[], String> decode;
  private int[] window = new int[16];
  private int length;

  /**
   * How many ids at the start of the window belong to the last piece; {@code context} is their
   * text.
   */
  private int emitted;

  private String context = "";

  StreamingDecoder(Function<int[], String> decode) {
    this.decode = decode;
  }

  /** Takes the next id and returns the text that became certain, possibly empty. */
  public String add(int id) {
    if (length == window.length) {
      window = Arrays.copyOf(window, 2 * length);
    }
    window[length++] = id;
    String text = decode.apply(Arrays.copyOf(window, length));
    if (text.endsWith(UNFINISHED)) {
      return "";
    }
    String piece = pending(text);
    if (!piece.isEmpty()) {
      int[] last = Arrays.copyOfRange(window, emitted, length);
      System.arraycopy(last, 0, window, 0, last.length);
      length = last.length;
      emitted = length;
      context = decode.apply(last);
    }
    return piece;
  }

  /**
   * Ends the sequence: returns what was held back. The decoder is then ready for another sequence.
   */
  public String flush() {
    String rest = pending(decode.apply(Arrays.copyOf(window, length)));
    length = 0;
    emitted = 0;
    context = "";
    return rest;
  }

  private String pending(String text) {
    return text.startsWith(context)
        ? text.substring(context.length())
        : decode.apply(Arrays.copyOfRange(window, emitted, length));
  }
}
