package dev.temper.data;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * An ordered choice of formats; the first that matches a row's columns reads it.
 *
 * @param purpose what the rows are for, for error messages: {@code supervised fine-tuning}
 * @param formats most specific first, at least one
 * @param <R> type of the rows
 */
public record RowFormats<R>(String purpose, List<? extends RowFormat<? extends R>> formats) {
  /** Copies the list. */
  public RowFormats {
    formats = List.copyOf(formats);
    if (formats.isEmpty()) {
      throw new IllegalArgumentException("formats: empty; give at least one");
    }
  }

  /**
   * Reads a row by the first format that fits.
   *
   * @throws DataException if none fits, listing the columns found and those accepted, or a column
   *     has a wrong value
   */
  public R parse(Row row) {
    Set<String> columns = row.columns();
    for (RowFormat<? extends R> format : formats) {
      if (format.matches(columns)) {
        return format.read(row);
      }
    }
    String accepted = formats.stream().map(RowFormat::columns).collect(Collectors.joining(" | "));
    throw new DataException(
        row.origin(),
        "the columns "
            + row.values().keySet()
            + (columns.size() < row.values().size() ? " (with a value: " + columns + ")" : "")
            + " are no row for "
            + purpose
            + "; accepted: "
            + accepted
            + "; rename the columns or convert the data");
  }
}
