package dev.temper.data;

import de.siegmar.fastcsv.reader.CloseableIterator;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Fields between commas or tabs, with quotes as in RFC 4180; the first line names the columns.
 * Every value is text, also where it looks like a number: {@link ColumnReader} reads numbers and
 * lists from text where a format needs them.
 */
final class CsvRowReader implements RowReader {
  private final String file;
  private final ByteSource in;
  private final RowLimits limits;
  private final long linesBefore;
  private final CloseableIterator<CsvRecord> records;
  private @Nullable List<String> header;
  private long line = 1;

  CsvRowReader(String file, ByteSource in, RowLimits limits, long linesBefore, char separator) {
    this.file = file;
    this.in = in;
    this.limits = limits;
    this.linesBefore = linesBefore;
    this.records =
        CsvReader.builder()
            .fieldSeparator(separator)
            .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
            .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
            .allowUnclosedQuote(false)
            .maxBufferSize(Math.max(1024, limits.maxRowBytes()))
            .ofCsvRecord(
                new InputStreamReader(
                    in,
                    StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT)))
            .iterator();
  }

  @Override
  public @Nullable Row next() {
    if (header == null) {
      CsvRecord names = record();
      if (names == null) {
        return null;
      }
      header = checked(names);
    }
    CsvRecord record = record();
    return record == null ? null : row(record, header);
  }

  @Override
  public void close() {
    Rows.close(in, file);
  }

  private List<String> checked(CsvRecord names) {
    Set<String> seen = new HashSet<>();
    for (String name : names.getFields()) {
      if (!seen.add(name)) {
        throw new DataException(
            origin(), "column \"" + name + "\" is named twice in the first line");
      }
    }
    return names.getFields();
  }

  private Row row(CsvRecord record, List<String> columns) {
    if (record.getFieldCount() != columns.size()) {
      throw new DataException(
          origin(),
          "has "
              + record.getFieldCount()
              + (record.getFieldCount() == 1 ? " field" : " fields")
              + ", the first line names "
              + columns.size()
              + " columns: quote fields that hold the separator, a quote or a line break");
    }
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    long characters = 0;
    for (int i = 0; i < columns.size(); i++) {
      String field = record.getField(i);
      characters += field.length();
      values.put(columns.get(i), field);
    }
    if (characters > limits.maxRowBytes() || columns.size() > limits.maxValues()) {
      throw new DataException(
          origin(),
          "the row has "
              + characters
              + " characters in "
              + columns.size()
              + " columns; at most "
              + limits.maxRowBytes()
              + " characters and "
              + limits.maxValues()
              + " values are allowed");
    }
    return new Row(origin(), values);
  }

  private @Nullable CsvRecord record() {
    try {
      if (!records.hasNext()) {
        return null;
      }
      CsvRecord record = records.next();
      line = record.getStartingLineNumber();
      return record;
    } catch (CsvParseException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new DataException(
          new Origin(file, 0, -1),
          "not valid CSV after the row of line " + (linesBefore + line) + ": " + said(cause),
          e);
    } catch (UncheckedIOException e) {
      IOException cause = Objects.requireNonNull(e.getCause());
      if (cause instanceof CharacterCodingException) {
        throw new DataException(
            new Origin(file, 0, -1),
            "is not UTF-8 text, somewhere after line "
                + (linesBefore + line)
                + "; convert it to UTF-8",
            e);
      }
      throw Rows.unreadable(origin(), cause);
    }
  }

  private static String said(Throwable e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  private Origin origin() {
    return new Origin(file, linesBefore + line, -1);
  }
}
