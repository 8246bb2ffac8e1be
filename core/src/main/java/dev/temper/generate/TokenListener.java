package dev.temper.generate;

import java.util.function.Consumer;

/** Follows a generation token by token, on the generating thread. */
@FunctionalInterface
public interface TokenListener {
  /**
   * Called once for every generated token, in order within a completion; calls of different
   * completions alternate. When a completion ends with text still held back (see {@link
   * StopScanner}), its last call carries it.
   *
   * @param completion {@link Completion#index()} of the completion the token belongs to
   * @param token the generated id
   * @param text the text that became certain with this token, possibly empty: the deltas of a
   *     completion put together are its text
   * @return true to go on, false to end this completion with {@link FinishReason#CANCELLED}
   */
  boolean onToken(int completion, int token, String text);

  /** A listener that does nothing. */
  static TokenListener none() {
    return (completion, token, text) -> true;
  }

  /**
   * Hands on the text of a single completion as it appears, such as to a terminal; empty pieces are
   * left out.
   */
  static TokenListener text(Consumer<String> consumer) {
    return (completion, token, text) -> {
      if (!text.isEmpty()) {
        consumer.accept(text);
      }
      return true;
    };
  }
}
