package dev.temper.data;

import dev.temper.UserException;

/**
 * Data that cannot be used. The message begins with the file and line: {@code train.jsonl:17: not
 * valid JSON: ... (column 23)}.
 */
public final class DataException extends UserException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates an error about the row at {@code origin}; {@code problem} says what is wrong and how to
   * fix it.
   */
  public DataException(Origin origin, String problem) {
    super(origin + ": " + problem);
  }

  /** Creates an error about the row at {@code origin} with its technical cause. */
  public DataException(Origin origin, String problem, Throwable cause) {
    super(origin + ": " + problem, cause);
  }

  /** Creates an error that is not about one row. */
  public DataException(String message) {
    super(message);
  }
}
