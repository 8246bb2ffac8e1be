package dev.temper.data;

import java.nio.file.Path;

/**
 * A kind of data file that core does not read itself; found by {@link java.util.ServiceLoader}, so
 * that a module on the class path is enough ({@code temper-parquet} is one).
 */
public interface RowFileType {
  /** Name for messages: {@code Parquet}. */
  String name();

  /**
   * Whether a file is of this kind.
   *
   * @param file its path
   * @param head its first bytes, at most 16; not to be changed
   */
  boolean matches(Path file, byte[] head);

  /**
   * Opens a file for which {@link #matches} was true.
   *
   * @throws DataException if it is malformed; so does the reader
   */
  RowReader open(Path file, RowLimits limits);
}
