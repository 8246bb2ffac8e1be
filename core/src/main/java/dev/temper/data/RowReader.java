package dev.temper.data;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** Reads the rows of one file in order, holding one row at a time. Not thread-safe; close it. */
public interface RowReader extends AutoCloseable {
  /**
   * The next row, or null after the last one. After an error the reader is at no defined place; do
   * not go on.
   *
   * @throws DataException if the row is malformed or too large, or the file cannot be read
   */
  @Nullable Row next();

  @Override
  void close();

  /** The remaining rows as a stream, which closes the reader when it is closed. */
  default Stream<Row> stream() {
    Iterator<Row> rows =
        new Iterator<>() {
          private @Nullable Row ahead;

          @Override
          public boolean hasNext() {
            if (ahead == null) {
              ahead = RowReader.this.next();
            }
            return ahead != null;
          }

          @Override
          public Row next() {
            if (!hasNext() || ahead == null) {
              throw new NoSuchElementException();
            }
            Row row = ahead;
            ahead = null;
            return row;
          }
        };
    int traits = Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.IMMUTABLE;
    return StreamSupport.stream(Spliterators.spliteratorUnknownSize(rows, traits), false)
        .onClose(this::close);
  }
}
