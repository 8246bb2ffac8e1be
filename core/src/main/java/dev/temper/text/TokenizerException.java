package dev.temper.text;

import dev.temper.UserException;

/**
 * A tokenizer file that cannot be used, or text or ids that a tokenizer cannot handle. The message
 * says what, where and how to fix it.
 */
public class TokenizerException extends UserException {
  private static final long serialVersionUID = 1L;

  /** Creates an error with a message that says what, where and how to fix it. */
  public TokenizerException(String message) {
    super(message);
  }

  /**
   * Creates an error with a message that says what, where and how to fix it, and the technical
   * cause.
   */
  public TokenizerException(String message, Throwable cause) {
    super(message, cause);
  }
}
