package dev.temper.data;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Typed rows of files.
 *
 * <pre>{@code
 * Dataset<PairRow> pairs = TypedRows.load(Path.of("train.jsonl"), RowView.PAIRS);
 * }</pre>
 *
 * <p>A file is of one format: the first row decides, and a later row of other columns is an error,
 * not a guess.
 */
public final class TypedRows {
  private TypedRows() {}

  /**
   * The rows of a file, in memory; its format is recognised by the columns of its first row.
   *
   * @param file as {@link Rows#open(Path)} takes it, or a folder of such files ({@link DataFiles})
   * @throws DataException if the file has no row, its format is not known, or a row is wrong
   */
  public static <R extends TypedRow> Dataset<R> load(Path file, RowView<R> view) {
    return load(file, RowFormats.standard(), view);
  }

  /** The same with the formats to choose from; give one to have the file read by it. */
  public static <R extends TypedRow> Dataset<R> load(
      Path file, RowFormats formats, RowView<R> view) {
    List<R> rows = new ArrayList<>();
    try (Reader<R> reader = open(file, formats, view)) {
      for (R row = reader.next(); row != null; row = reader.next()) {
        rows.add(row);
      }
    }
    if (rows.isEmpty()) {
      throw new DataException(file + ": has no rows for " + view.purpose());
    }
    return Dataset.of(rows);
  }

  /** Reads the rows of a file one by one. */
  public static <R extends TypedRow> Reader<R> open(
      Path file, RowFormats formats, RowView<R> view) {
    return open(DataFiles.find(file), formats, view);
  }

  /** Reads the rows of several files one by one; all are of one format. */
  public static <R extends TypedRow> Reader<R> open(
      List<Path> files, RowFormats formats, RowView<R> view) {
    return new Reader<>(
        files.size() == 1 ? Rows.open(files.get(0)) : Rows.open(files, RowLimits.DEFAULT),
        formats,
        view);
  }

  /**
   * Gives the rows of a reader their types. Not thread-safe; close it.
   *
   * @param <R> type of the rows
   */
  public static final class Reader<R extends TypedRow> implements AutoCloseable {
    private final Pushback source;
    private final RowFormats formats;
    private final RowView<R> view;
    private final Deque<R> ready = new ArrayDeque<>();
    private @Nullable RowFormat format;
    private @Nullable RowReader grouped;

    /** Over the rows of {@code source}, which is closed with this. */
    public Reader(RowReader source, RowFormats formats, RowView<R> view) {
      this.source = new Pushback(source);
      this.formats = formats;
      this.view = view;
    }

    /** The format of the file, once a row has been read. */
    public Optional<RowFormat> format() {
      return Optional.ofNullable(format);
    }

    /**
     * The next row, or null after the last one.
     *
     * @throws DataException if a row is malformed or of another format than the first
     */
    public @Nullable R next() {
      while (ready.isEmpty()) {
        RowReader rows = grouped == null ? begin() : grouped;
        Row row = rows == null ? null : rows.next();
        if (row == null) {
          return null;
        }
        RowFormat known = known();
        // A format that was asked for says itself which columns it misses.
        if (formats.formats().size() > 1 && !known.matches(row)) {
          throw changed(row, known);
        }
        ready.addAll(view.of(row, known.read(row)));
      }
      return ready.poll();
    }

    @Override
    public void close() {
      source.close();
    }

    private RowFormat known() {
      if (format == null) {
        throw new IllegalStateException("no row has been read");
      }
      return format;
    }

    private @Nullable RowReader begin() {
      Row first = source.next();
      if (first == null) {
        return null;
      }
      source.back(first);
      RowFormat found =
          formats.formats().size() == 1 ? formats.formats().get(0) : formats.recognise(first);
      format = found;
      grouped = found.grouping().apply(source);
      return grouped;
    }

    private DataException changed(Row row, RowFormat known) {
      String problem =
          "the file began as format "
              + known.name()
              + " ("
              + known.columns()
              + "), but this row has "
              + row.columns()
              + formats.recognised(row).map(other -> ", which is format " + other.name()).orElse("")
              + "; a file holds rows of one format";
      return new DataException(row.origin(), problem);
    }
  }

  /** A reader of one row that can be read again. */
  private static final class Pushback implements RowReader {
    private final RowReader source;
    private @Nullable Row again;

    Pushback(RowReader source) {
      this.source = source;
    }

    void back(Row row) {
      again = row;
    }

    @Override
    public @Nullable Row next() {
      Row row = again;
      again = null;
      return row == null ? source.next() : row;
    }

    @Override
    public void close() {
      source.close();
    }
  }
}
