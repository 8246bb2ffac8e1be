package dev.temper.data;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The rows of several files, one file after the other. */
final class ConcatReader implements RowReader {
  private final Deque<Path> files;
  private final RowLimits limits;
  private @Nullable RowReader current;

  ConcatReader(List<Path> files, RowLimits limits) {
    this.files = new ArrayDeque<>(files);
    this.limits = limits;
  }

  @Override
  public @Nullable Row next() {
    while (true) {
      if (current == null) {
        Path file = files.poll();
        if (file == null) {
          return null;
        }
        current = Rows.open(file, limits);
      }
      Row row = current.next();
      if (row != null) {
        return row;
      }
      close();
    }
  }

  @Override
  public void close() {
    if (current != null) {
      current.close();
      current = null;
    }
  }
}
