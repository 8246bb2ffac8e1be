package dev.temper.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Rows that follow each other and have the same value in a column, as one row: that of the first,
 * with the columns of each in the further column {@link #COLUMN}.
 */
public final class RowGroups {
  /** Holds the rows of a group, each as an object. */
  public static final String COLUMN = "rows";

  /** Most rows of a group: a column that never changes is no key. */
  private static final int MOST = 100_000;

  private RowGroups() {}

  /** For {@link RowFormat#grouped}: groups by the value of {@code column}. */
  public static Function<RowReader, RowReader> by(String column) {
    return source -> new Grouped(source, column);
  }

  private static final class Grouped implements RowReader {
    private final RowReader source;
    private final String column;
    private @Nullable Row ahead;

    Grouped(RowReader source, String column) {
      this.source = source;
      this.column = column;
    }

    @Override
    public @Nullable Row next() {
      Row first = ahead == null ? source.next() : ahead;
      ahead = null;
      if (first == null) {
        return null;
      }
      List<Map<String, @Nullable Object>> group = new ArrayList<>();
      group.add(first.values());
      for (Row row = source.next(); row != null; row = source.next()) {
        if (!Objects.equals(row.values().get(column), first.values().get(column))) {
          ahead = row;
          break;
        }
        if (group.size() == MOST) {
          throw new DataException(
              first.origin(),
              "more than " + MOST + " rows have the same \"" + column + "\" as this one");
        }
        group.add(row.values());
      }
      Map<String, @Nullable Object> values = new LinkedHashMap<>(first.values());
      values.put(COLUMN, group);
      return new Row(first.origin(), values);
    }

    @Override
    public void close() {
      source.close();
    }
  }
}
