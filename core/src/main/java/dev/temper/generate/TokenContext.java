package dev.temper.generate;

/**
 * A read-only view of the token ids of one sequence: its prompt, then what has been generated so
 * far.
 *
 * <p>The view grows as tokens are generated; a {@link LogitsProcessor} must not keep it.
 */
public interface TokenContext {
  /**
   * Number of ids: prompt and generated tokens together. This is also the position the next token
   * will take.
   */
  int length();

  /** Number of ids that belong to the prompt; they are the first ones. */
  int promptLength();

  /**
   * Returns one id.
   *
   * @param index from 0 (the first token of the prompt) to {@code length() - 1}
   * @throws IndexOutOfBoundsException if there is no such index
   */
  int get(int index);

  /** Number of ids generated after the prompt. */
  default int newTokens() {
    return length() - promptLength();
  }
}
