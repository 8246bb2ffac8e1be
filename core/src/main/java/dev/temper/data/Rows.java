package dev.temper.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * Opens data files: JSON lines (one object a line), one JSON array of objects, JSON objects over
 * several lines, one JSON object around all rows ({@code {"data": [...]}} or columns of lists), all
 * in UTF-8 with or without a byte order mark; CSV and TSV by their names ({@code .csv}, {@code
 * .tsv}); any of these packed by gzip, or by zstd with the optional library {@code
 * io.airlift:aircompressor}; and what a {@link RowFileType} on the class path adds, such as
 * Parquet. But for CSV, the content decides, not the name of the file.
 */
public final class Rows {
  private static final int HEAD = 16;

  private Rows() {}

  /** Opens a file with {@link RowLimits#DEFAULT}; see {@link #open(Path, RowLimits)}. */
  public static RowReader open(Path file) {
    return open(file, RowLimits.DEFAULT);
  }

  /**
   * Opens a file. Memory stays within the limits for one row, however large the file is or unpacks
   * to.
   *
   * @throws DataException if the file does not exist, cannot be read or is of another kind; the
   *     reader throws it for malformed rows
   */
  public static RowReader open(Path file, RowLimits limits) {
    InputStream in;
    try {
      if (Files.isDirectory(file)) {
        throw new DataException(
            file + ": is a directory; name a data file (DataFiles finds those of a directory)");
      }
      byte[] head;
      try (InputStream beginning = Files.newInputStream(file)) {
        head = beginning.readNBytes(HEAD);
      }
      for (RowFileType type : ServiceLoader.load(RowFileType.class)) {
        if (type.matches(file, head)) {
          return type.open(file, limits);
        }
      }
      in = Files.newInputStream(file);
    } catch (NoSuchFileException e) {
      throw new DataException(Origin.memory(file.toString()), "no such file", e);
    } catch (IOException e) {
      throw unreadable(Origin.memory(file.toString()), e);
    }
    return open(file.toString(), in, limits);
  }

  /** Opens several files, read one after the other; each is open only while it is read. */
  public static RowReader open(List<Path> files, RowLimits limits) {
    return new ConcatReader(files, limits);
  }

  /**
   * Reads rows from a stream, which the reader closes; {@code name} stands for the file in
   * messages.
   */
  public static RowReader open(String name, InputStream in, RowLimits limits) {
    ByteSource bytes = new ByteSource(in);
    try {
      if (bytes.startsWith(0x1f, 0x8b)) {
        bytes = new ByteSource(new GZIPInputStream(bytes, 1 << 16));
      } else if (bytes.startsWith(0x28, 0xb5, 0x2f, 0xfd)) {
        bytes = new ByteSource(ZstdSource.open(Origin.memory(name), bytes));
      }
      return open(name, bytes, limits);
    } catch (IOException e) {
      close(bytes, name);
      throw unreadable(Origin.memory(name), e);
    } catch (DataException e) {
      close(bytes, name);
      throw e;
    }
  }

  /** All rows of a file as a stream, which must be closed. */
  public static Stream<Row> stream(Path file) {
    return open(file).stream();
  }

  /**
   * All rows of a file, in memory.
   *
   * @throws DataException also if the file has no row
   */
  public static Dataset<Row> load(Path file) {
    List<Row> rows = new ArrayList<>();
    try (RowReader reader = open(file)) {
      for (Row row = reader.next(); row != null; row = reader.next()) {
        rows.add(row);
      }
    }
    if (rows.isEmpty()) {
      throw new DataException(file + ": has no rows");
    }
    return Dataset.of(rows);
  }

  private static RowReader open(String name, ByteSource bytes, RowLimits limits)
      throws IOException {
    Origin origin = Origin.memory(name);
    if (bytes.startsWith('P', 'A', 'R', '1')) {
      throw new DataException(
          origin,
          "is a Parquet file; to read it, add the module temper-parquet to the class path, or convert"
              + " it to JSON lines (in Python: datasets.Dataset.to_json)");
    }
    if (bytes.startsWith(0xff, 0xff, 0xff, 0xff)
        || bytes.startsWith('A', 'R', 'R', 'O', 'W', '1')) {
      throw new DataException(
          origin,
          "is an Arrow file; convert it to Parquet or JSON lines (in Python:"
              + " datasets.Dataset.from_file(...).to_json(...))");
    }
    if (bytes.startsWith('P', 'K', 3, 4) || bytes.startsWith('B', 'Z', 'h')) {
      throw new DataException(
          origin, "is compressed with something other than gzip or zstd; unpack it first");
    }
    if (bytes.startsWith(0xff, 0xfe) || bytes.startsWith(0xfe, 0xff)) {
      throw new DataException(origin, "is UTF-16 text; convert it to UTF-8");
    }
    if (bytes.startsWith(0xef, 0xbb, 0xbf)) {
      bytes.consume(3);
    }
    long lines = 0;
    long columns = 0;
    while (bytes.peek(0) == ' '
        || bytes.peek(0) == '\t'
        || bytes.peek(0) == '\r'
        || bytes.peek(0) == '\n') {
      columns++;
      if (bytes.read() == '\n') {
        lines++;
        columns = 0;
      }
    }
    for (int i = 0; i < 4; i++) {
      if (bytes.peek(i) == 0) {
        throw new DataException(
            origin, "begins with zero bytes: it is not UTF-8 text; convert it to UTF-8");
      }
    }
    Optional<Character> separator = separator(name);
    if (separator.isPresent()) {
      return new CsvRowReader(name, bytes, limits, lines, separator.get());
    }
    if (bytes.peek(0) == '[') {
      return new JsonArrayReader(name, bytes, limits, lines, columns);
    }
    return new WrappedRows(
        opensOverLines(bytes)
            ? new JsonDocumentReader(name, bytes, limits, lines)
            : new JsonLinesReader(name, bytes, limits, lines, columns));
  }

  /** The separator of fields that the name of a file tells. */
  private static Optional<Character> separator(String name) {
    String plain = name.toLowerCase(Locale.ROOT).replaceFirst("\\.(gz|zst)$", "");
    if (plain.endsWith(".csv")) {
      return Optional.of(',');
    }
    return plain.endsWith(".tsv") ? Optional.of('\t') : Optional.empty();
  }

  /** Whether an object begins whose first key is on another line. */
  private static boolean opensOverLines(ByteSource bytes) throws IOException {
    if (bytes.peek(0) != '{') {
      return false;
    }
    int i = 1;
    while (i < 64 && (bytes.peek(i) == ' ' || bytes.peek(i) == '\t' || bytes.peek(i) == '\r')) {
      i++;
    }
    return bytes.peek(i) == '\n';
  }

  static DataException unreadable(Origin origin, IOException e) {
    String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return new DataException(origin, "cannot be read: " + reason, e);
  }

  static void close(InputStream in, String name) {
    try {
      in.close();
    } catch (IOException e) {
      throw unreadable(Origin.memory(name), e);
    }
  }
}
