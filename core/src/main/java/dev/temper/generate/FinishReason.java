package dev.temper.generate;

/** Why a completion ended. */
public enum FinishReason {
  /** A stop token was generated; it is the last of the ids and not part of the text. */
  STOP_TOKEN,
  /** The text contained a stop string. */
  STOP_STRING,
  /** The maximum number of new tokens was reached. */
  LENGTH,
  /** The sequence filled the model's context. */
  CONTEXT,
  /** A server's content filter withheld or cut it. */
  FILTERED,
  /** The listener asked to end it, or the generating thread was interrupted. */
  CANCELLED;

  /** Whether the model or a stop string ended the completion, rather than a limit or the caller. */
  public boolean isNatural() {
    return this == STOP_TOKEN || this == STOP_STRING;
  }
}
