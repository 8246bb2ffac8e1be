package dev.temper.generate;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds stop strings in a text that arrives in pieces, and lets through only what cannot be part of
 * one any more.
 *
 * <p>The stop string found is the one whose end comes first in the text, the longest if several end
 * there. That is the only rule that does not depend on how the text is cut into pieces. The texts
 * returned by {@link #append} and {@link #flush}, put together, are the completion's text; none of
 * them ends between the two halves of a surrogate pair, except the last one if the text itself
 * does.
 *
 * <p>One scanner per completion; not safe for use by several threads.
 */
public final class StopScanner {
  /*
   * Each stop string has a Knuth-Morris-Pratt matcher. Its state is the length of the longest beginning of the stop string that ends at the
   * last char seen. The state answers both questions: equal to the whole length, the string has occurred; otherwise, that many chars at the
   * end of the text may still become one and are held back. A char costs O(number of stop strings), amortised.
   */
  private final String[] strings;
  private final int[][] failures;
  private final int[] states;
  private final StopConditions.Cut cut;
  private final StringBuilder held = new StringBuilder();
  private @Nullable String found;

  StopScanner(List<String> strings, StopConditions.Cut cut) {
    this.strings = strings.toArray(String[]::new);
    this.cut = cut;
    this.states = new int[this.strings.length];
    this.failures = new int[this.strings.length][];
    for (int s = 0; s < failures.length; s++) {
      failures[s] = failures(this.strings[s]);
    }
  }

  /**
   * Takes the next piece of text.
   *
   * @return the text that is now certain to belong to the completion; often a little behind what
   *     was appended. Empty once stopped
   */
  public String append(String chunk) {
    if (found != null) {
      return "";
    }
    for (int i = 0; i < chunk.length(); i++) {
      char next = chunk.charAt(i);
      held.append(next);
      String match = advance(next);
      if (match != null) {
        found = match;
        if (cut == StopConditions.Cut.BEFORE) {
          held.setLength(held.length() - match.length());
        }
        return release(held.length());
      }
    }
    int keep = 0;
    for (int state : states) {
      keep = Math.max(keep, state);
    }
    int certain = held.length() - keep;
    if (certain > 0 && Character.isHighSurrogate(held.charAt(certain - 1))) {
      certain--;
    }
    return release(certain);
  }

  /** Ends the text: returns what was held back. Empty if a stop string was found. */
  public String flush() {
    return release(held.length());
  }

  /** Whether a stop string has been found. */
  public boolean stopped() {
    return found != null;
  }

  /** The stop string that was found, or null. */
  public @Nullable String stopString() {
    return found;
  }

  /**
   * Advances every matcher by one char; returns the longest stop string that ends here, or null.
   */
  private @Nullable String advance(char next) {
    String longest = null;
    for (int s = 0; s < strings.length; s++) {
      String string = strings[s];
      int state = states[s];
      while (state > 0 && string.charAt(state) != next) {
        state = failures[s][state - 1];
      }
      if (string.charAt(state) == next) {
        state++;
      }
      states[s] = state;
      if (state == string.length() && (longest == null || state > longest.length())) {
        longest = string;
      }
    }
    return longest;
  }

  private String release(int length) {
    String text = held.substring(0, length);
    held.delete(0, length);
    return text;
  }

  /**
   * For each beginning of the string, the length of its longest proper beginning that is also its
   * end.
   */
  private static int[] failures(String string) {
    int[] failures = new int[string.length()];
    int state = 0;
    for (int i = 1; i < failures.length; i++) {
      while (state > 0 && string.charAt(state) != string.charAt(i)) {
        state = failures[state - 1];
      }
      if (string.charAt(state) == string.charAt(i)) {
        state++;
      }
      failures[i] = state;
    }
    return failures;
  }
}
