package dev.temper.parquet;

import dev.temper.data.RowFileType;
import dev.temper.data.RowLimits;
import dev.temper.data.RowReader;
import java.nio.file.Path;

/**
 * Opens Parquet files, with every codec and encoding that DuckDB reads; nested columns become lists
 * and objects.
 *
 * <p>The database runs inside the process, in memory, with one thread and at most 1 GiB; it may
 * read the one file it is opened for, and nothing else of the disk or the net, and loads no
 * extension.
 */
public final class ParquetFiles implements RowFileType {
  /** For {@link java.util.ServiceLoader}. */
  public ParquetFiles() {}

  @Override
  public String name() {
    return "Parquet";
  }

  @Override
  public boolean matches(Path file, byte[] head) {
    return head.length >= 4 && head[0] == 'P' && head[1] == 'A' && head[2] == 'R' && head[3] == '1';
  }

  @Override
  public RowReader open(Path file, RowLimits limits) {
    return ParquetRowReader.open(file, limits);
  }
}
