package dev.temper.checkpoint;

import dev.temper.UserException;

/**
 * A model file that cannot be read or written; the message names the file, the tensor, what is
 * wrong and what to do.
 */
public final class CheckpointException extends UserException {
  private static final long serialVersionUID = 1L;

  /** Creates an error. */
  public CheckpointException(String message) {
    super(message);
  }

  /** Creates an error with its technical cause. */
  public CheckpointException(String message, Throwable cause) {
    super(message, cause);
  }
}
