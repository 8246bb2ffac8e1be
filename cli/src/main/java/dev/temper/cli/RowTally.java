package dev.temper.cli;

import dev.temper.data.Origin;
import dev.temper.data.Row;
import dev.temper.data.RowReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Counts rows, columns, empty cells and repeated rows while they are read. */
final class RowTally {
  private static final class Column {
    private final Set<String> types = new TreeSet<>();
    private long values;
    private long empty;
  }

  private final Map<String, Column> columns = new LinkedHashMap<>();

  /** Of 64 bits of SHA-256: one false alarm among millions of rows is less than likely. */
  private final Map<Long, Origin> seen = new HashMap<>();

  private long rows;
  private long repeated;
  private String example = "";

  /** The same rows, counted as they pass. */
  RowReader over(RowReader source) {
    return new RowReader() {
      @Override
      public @Nullable Row next() {
        Row row = source.next();
        if (row != null) {
          count(row);
        }
        return row;
      }

      @Override
      public void close() {
        source.close();
      }
    };
  }

  /** Hands out a line for each thing counted: its name and its value. */
  void print(BiConsumer<String, String> line) {
    columns.forEach((name, column) -> line.accept("column", name + ": " + described(column)));
    line.accept("rows", Long.toString(rows));
    line.accept("duplicates", repeated == 0 ? "none" : repeated + ", first " + example);
  }

  private String described(Column column) {
    long without = rows - column.values;
    return String.join(" or ", column.types)
        + (without == 0 ? "" : ", " + without + " without")
        + (column.empty == 0 ? "" : ", " + column.empty + " empty");
  }

  private void count(Row row) {
    rows++;
    row.values()
        .forEach(
            (name, value) -> {
              Column column = columns.computeIfAbsent(name, k -> new Column());
              if (value != null) {
                column.values++;
                column.types.add(type(value));
                column.empty += isEmpty(value) ? 1 : 0;
              }
            });
    Origin before = seen.putIfAbsent(fingerprint(row.values().toString()), row.origin());
    if (before != null) {
      if (repeated == 0) {
        example = row.origin() + " repeats " + before;
      }
      repeated++;
    }
  }

  private static boolean isEmpty(Object value) {
    return (value instanceof String text && text.isBlank())
        || (value instanceof Collection<?> list && list.isEmpty());
  }

  private static String type(Object value) {
    if (value instanceof String) {
      return "text";
    }
    if (value instanceof Number) {
      return "number";
    }
    if (value instanceof Boolean) {
      return "true/false";
    }
    return value instanceof Map ? "object" : "list";
  }

  private static long fingerprint(String row) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(row.getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.wrap(hash).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
