package dev.temper.data;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** One JSON object a line; blank lines are skipped. */
final class JsonLinesReader implements RowReader {
  private final String file;
  private final ByteSource in;
  private final RowLimits limits;
  private final JsonFactory json;
  private final long firstLine;
  private final long columnsBefore;

  /**
   * Never longer than the largest row, so that a full buffer of that size means the line is too
   * long.
   */
  private byte[] line;

  private int length;
  private long number;

  JsonLinesReader(
      String file, ByteSource in, RowLimits limits, long linesBefore, long columnsBefore) {
    this.file = file;
    this.in = in;
    this.limits = limits;
    this.json = JsonRows.factory(limits);
    this.line = new byte[Math.min(4096, limits.maxRowBytes())];
    this.number = linesBefore;
    this.firstLine = linesBefore + 1;
    this.columnsBefore = columnsBefore;
  }

  @Override
  public @Nullable Row next() {
    while (readLine()) {
      int start = firstCharacter();
      if (start < length) {
        return parse(start);
      }
    }
    return null;
  }

  @Override
  public void close() {
    Rows.close(in, file);
  }

  private Row parse(int start) {
    Origin origin = origin();
    if (line[start] != '{') {
      throw new DataException(
          origin, "expected a JSON object { ... } on the line, found " + shown(start));
    }
    // Jackson guesses UTF-16 and UTF-32 from zero bytes; a row file is UTF-8.
    for (int i = start; i < Math.min(length, start + 4); i++) {
      if (line[i] == 0) {
        throw new DataException(
            origin, "contains zero bytes: the file is not UTF-8 text; convert it to UTF-8");
      }
    }
    try (JsonParser parser = json.createParser(line, start, length - start)) {
      parser.nextToken();
      Row row = new Row(origin, JsonRows.object(parser, limits));
      if (parser.nextToken() != null) {
        throw new JsonParseException(parser, "more than one value on the line");
      }
      return row;
    } catch (JsonProcessingException e) {
      String hint =
          e instanceof JsonEOFException
              ? "; an object must be on one line, a file of indented objects must be one JSON array"
              : "";
      throw new DataException(
          origin, "not valid JSON: " + JsonRows.problem(e) + hint + column(e, start), e);
    } catch (IOException e) {
      throw new DataException(origin, "not valid JSON: " + e.getMessage(), e);
    }
  }

  private String column(JsonProcessingException e, int start) {
    long offset = e.getLocation() == null ? -1 : e.getLocation().getByteOffset();
    if (offset < 0 || start + offset > length) {
      return "";
    }
    String before = new String(line, 0, (int) (start + offset), StandardCharsets.UTF_8);
    return " (column "
        + (before.codePointCount(0, before.length())
            + 1
            + (number == firstLine ? columnsBefore : 0))
        + ")";
  }

  private String shown(int start) {
    String text = new String(line, start, Math.min(length - start, 40), StandardCharsets.UTF_8);
    return "\"" + text.replaceAll("\\p{Cntrl}", "?") + (length - start > 40 ? "..." : "") + "\"";
  }

  private int firstCharacter() {
    int i = 0;
    while (i < length && (line[i] == ' ' || line[i] == '\t' || line[i] == '\r')) {
      i++;
    }
    return i;
  }

  private boolean readLine() {
    length = 0;
    number++;
    try {
      if (in.peek(0) < 0) {
        return false;
      }
      for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
        if (length == line.length) {
          grow();
        }
        line[length++] = (byte) b;
      }
      return true;
    } catch (IOException e) {
      throw Rows.unreadable(origin(), e);
    }
  }

  private void grow() {
    if (length >= limits.maxRowBytes()) {
      throw new DataException(
          origin(),
          "the line is longer than "
              + limits.maxRowBytes()
              + " bytes, the largest row allowed; is this a JSON lines file?");
    }
    line = Arrays.copyOf(line, (int) Math.min(2L * line.length, limits.maxRowBytes()));
  }

  private Origin origin() {
    return new Origin(file, number, -1);
  }
}
