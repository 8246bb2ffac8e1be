package dev.temper;

/**
 * A mistake in the user's input: a file, a setting or data that cannot be used.
 *
 * <p>The message alone must be enough: what is wrong, where (file, line, tensor, key) and how to
 * fix it. The command line shows it without a stack trace and exits with status 1.
 */
public class UserException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates an error with a message that says what, where and how to fix it. */
  public UserException(String message) {
    super(message);
  }

  /**
   * Creates an error with a message that says what, where and how to fix it, and the technical
   * cause.
   */
  public UserException(String message, Throwable cause) {
    super(message, cause);
  }
}
