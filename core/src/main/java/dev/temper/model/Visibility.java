package dev.temper.model;

/** Which positions a token attends to. */
public sealed interface Visibility {
  /** Itself and everything before. */
  record Causal() implements Visibility {}

  /**
   * Itself and the {@code window - 1} positions before: i sees i - window + 1 … i.
   *
   * @param window at least 1
   */
  record Sliding(int window) implements Visibility {
    /** Checks the window. */
    public Sliding {
      if (window < 1) {
        throw new IllegalArgumentException("sliding window: " + window + " must be at least 1");
      }
    }
  }

  /** The whole sequence: encoders. */
  record Bidirectional() implements Visibility {}
}
