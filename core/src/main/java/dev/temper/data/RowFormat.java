package dev.temper.data;

import java.util.Set;

/**
 * One way to write a typed row: the columns it is known by, and how to read it.
 *
 * @param <R> type of the rows
 */
public interface RowFormat<R> {
  /** The columns it is known by, for error messages: {@code prompt + completion}. */
  String columns();

  /** Whether a row with these columns (those with a value) is of this format. */
  boolean matches(Set<String> columns);

  /**
   * Reads a row for which {@link #matches} was true.
   *
   * @throws DataException if a column has a wrong value
   */
  R read(Row row);
}
