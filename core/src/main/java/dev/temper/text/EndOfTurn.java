package dev.temper.text;

/** Which end-of-turn tokens (such as {@code <|im_end|>} after a message) are trained. */
public enum EndOfTurn {
  /**
   * Those of the trained turns, with the turn's weight: the model learns to stop where it learned
   * to answer.
   */
  TRAINED_TURNS,
  /** None. */
  NONE,
  /** Those of all messages of every role, with weight 1. */
  ALL,
  /** Only that of the last assistant turn, with that turn's weight. */
  LAST
}
