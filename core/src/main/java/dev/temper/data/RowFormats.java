package dev.temper.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * An ordered choice of formats; the first that matches a row's columns reads it.
 *
 * @param formats most specific first, at least one
 */
public record RowFormats(List<RowFormat> formats) {
  private static final int MOST_LISTED = 20;

  private static final RowFormats STANDARD =
      new RowFormats(
          Stream.of(
                  PreferenceFormats.ALL,
                  StepFormats.ALL,
                  TrlFormats.SPECIFIC,
                  ConversationFormats.ALL,
                  TrlFormats.GENERAL,
                  InstructionFormats.ALL,
                  TaskFormats.ALL,
                  TrlFormats.LAST)
              .flatMap(List::stream)
              .toList());

  /** Copies the list. */
  public RowFormats {
    formats = List.copyOf(formats);
    if (formats.isEmpty()) {
      throw new IllegalArgumentException("formats: empty; give at least one");
    }
  }

  /** The formats Temper knows; {@code docs/data.md} lists them. */
  public static RowFormats standard() {
    return STANDARD;
  }

  /** The same formats after {@code more}, which are tried first. */
  public RowFormats with(RowFormat... more) {
    List<RowFormat> all = new ArrayList<>(Arrays.asList(more));
    all.addAll(formats);
    return new RowFormats(all);
  }

  /**
   * The format of this name, to read data by it whatever else it looks like.
   *
   * @throws DataException if there is none; the message lists the names
   */
  public RowFormat named(String name) {
    return formats.stream()
        .filter(format -> format.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new DataException(
                    "no data format \""
                        + name
                        + "\"; there are "
                        + formats.stream().map(RowFormat::name).collect(Collectors.joining(", "))));
  }

  /** The format of a row, if one fits. */
  public Optional<RowFormat> recognised(Row row) {
    return formats.stream().filter(format -> format.matches(row)).findFirst();
  }

  /**
   * The format of a row.
   *
   * @throws DataException if none fits, listing the columns found and those of the usual formats
   */
  public RowFormat recognise(Row row) {
    return recognised(row).orElseThrow(() -> unknown(row, "of no known format"));
  }

  /** Reads a row by the first format that fits. */
  public List<TypedRow> read(Row row) {
    return recognise(row).read(row);
  }

  /** The columns of a row for messages: the first of many, and which have a value. */
  static String listed(Row row) {
    return listed(row.values().keySet())
        + (row.columns().size() < row.values().size()
            ? " (with a value: " + listed(row.columns()) + ")"
            : "");
  }

  private static String listed(Set<String> columns) {
    return columns.size() <= MOST_LISTED
        ? columns.toString()
        : columns.stream().limit(MOST_LISTED).collect(Collectors.joining(", ", "[", ", ...]"))
            + " ("
            + columns.size()
            + " columns)";
  }

  /** The error for a row that cannot be used; {@code problem} completes "the columns [...] are". */
  static DataException unknown(Row row, String problem) {
    return new DataException(
        row.origin(),
        "the columns "
            + listed(row)
            + " are "
            + problem
            + "; accepted: "
            + TrlFormats.GENERAL.stream().map(RowFormat::columns).collect(Collectors.joining(" | "))
            + ", and the data set formats of docs/data.md; rename the columns, convert the data, or"
            + " write a RowFormat for it");
  }
}
