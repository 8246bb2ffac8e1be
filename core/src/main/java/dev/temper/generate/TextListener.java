package dev.temper.generate;

/**
 * Follows the text of completions as it appears. Calls come one at a time; those of different
 * completions alternate.
 */
@FunctionalInterface
public interface TextListener {
  /**
   * Takes a piece of text; the pieces of a completion put together are its text.
   *
   * @param completion {@link TextCompletion#index()}
   * @param delta not empty
   * @return true to go on, false to end this completion with {@link FinishReason#CANCELLED}
   */
  boolean onText(int completion, String delta);

  /** A listener that does nothing: answers need not be streamed. Always the same object. */
  static TextListener none() {
    return NoTextListener.INSTANCE;
  }
}
