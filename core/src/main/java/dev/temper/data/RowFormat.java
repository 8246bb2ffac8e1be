package dev.temper.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * One way to write typed rows: the columns it is known by and what they mean.
 *
 * <pre>{@code
 * RowFormat mine = RowFormat.of("faq", PromptCompletionRow.class,
 *     columns -> new PromptCompletionRow(
 *         Passage.user(columns.text("frage")),
 *         Passage.assistant(columns.text("antwort")),
 *         columns.context(),
 *         columns.info()),
 *     "frage", "antwort");
 * RowFormats formats = RowFormats.standard().with(mine);
 * }</pre>
 *
 * @param name short name, by which the format can be asked for
 * @param datasets ids of the data sets of the catalogue that come in it
 * @param required columns that must have a value
 * @param optional further columns it reads
 * @param kinds kinds of rows it gives
 * @param condition what else must hold for it to be recognised
 * @param mapping reads a row; one row of a file may hold several typed rows, or none
 * @param grouping brings rows of the file together that are one for this format
 */
public record RowFormat(
    String name,
    List<String> datasets,
    List<String> required,
    List<String> optional,
    Set<Class<? extends TypedRow>> kinds,
    Predicate<Row> condition,
    Function<ColumnReader, ? extends List<? extends TypedRow>> mapping,
    Function<RowReader, RowReader> grouping) {
  /** Copies the lists. */
  public RowFormat {
    datasets = List.copyOf(datasets);
    required = List.copyOf(required);
    optional = List.copyOf(optional);
    kinds = Set.copyOf(kinds);
  }

  /**
   * A format of which each row is one typed row.
   *
   * @param required columns that must have a value
   */
  public static <R extends TypedRow> RowFormat of(
      String name, Class<R> kind, Function<ColumnReader, R> mapping, String... required) {
    return many(name, kind, mapping.andThen(List::of), required);
  }

  /** A format of which a row may hold several typed rows, or none. */
  public static <R extends TypedRow> RowFormat many(
      String name, Class<R> kind, Function<ColumnReader, List<R>> mapping, String... required) {
    return new RowFormat(
        name,
        List.of(),
        List.of(required),
        List.of(),
        Set.of(kind),
        row -> true,
        mapping,
        reader -> reader);
  }

  /** The same with further columns that it reads if they are there. */
  public RowFormat optional(String... columns) {
    return new RowFormat(
        name, datasets, required, List.of(columns), kinds, condition, mapping, grouping);
  }

  /** The same, recognised only under a further condition. */
  public RowFormat when(Predicate<Row> further) {
    return new RowFormat(
        name, datasets, required, optional, kinds, condition.and(further), mapping, grouping);
  }

  /** The same for named data sets of the catalogue. */
  public RowFormat serves(String... ids) {
    return new RowFormat(
        name, List.of(ids), required, optional, kinds, condition, mapping, grouping);
  }

  /** The same, over rows that {@code by} brings together. */
  public RowFormat grouped(Function<RowReader, RowReader> by) {
    return new RowFormat(name, datasets, required, optional, kinds, condition, mapping, by);
  }

  /** The same, which gives rows of these kinds. */
  public RowFormat gives(Set<Class<? extends TypedRow>> several) {
    return new RowFormat(name, datasets, required, optional, several, condition, mapping, grouping);
  }

  /** The columns for messages: {@code instruction + output (+ input)}. */
  public String columns() {
    return String.join(" + ", required)
        + (optional.isEmpty() ? "" : " (+ " + String.join(", ", optional) + ")");
  }

  /** Whether a row is of this format. */
  public boolean matches(Row row) {
    return required.stream().allMatch(column -> row.values().get(column) != null)
        && condition.test(row);
  }

  /**
   * Reads a row.
   *
   * @throws DataException if the row is not of this format (the message lists the columns that are
   *     missing), or a column has a wrong value
   */
  public List<TypedRow> read(Row row) {
    List<String> missing = new ArrayList<>(required);
    missing.removeIf(column -> row.values().get(column) != null);
    if (!missing.isEmpty()) {
      throw new DataException(
          row.origin(),
          "format "
              + name
              + " needs the column"
              + (missing.size() == 1 ? " " : "s ")
              + missing
              + ", which this row has not; its columns are "
              + RowFormats.listed(row));
    }
    return List.copyOf(mapping.apply(new ColumnReader(row)));
  }
}
