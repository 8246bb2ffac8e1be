package dev.temper.data;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** One JSON array whose elements are objects, read element by element. */
final class JsonArrayReader implements RowReader {
  private final String file;
  private final ByteSource in;
  private final RowLimits limits;
  private final long linesBefore;
  private final long columnsBefore;
  private @Nullable JsonParser parser;
  private long element;
  private boolean ended;

  JsonArrayReader(
      String file, ByteSource in, RowLimits limits, long linesBefore, long columnsBefore) {
    this.file = file;
    this.in = in;
    this.limits = limits;
    this.linesBefore = linesBefore;
    this.columnsBefore = columnsBefore;
  }

  @Override
  public @Nullable Row next() {
    if (ended) {
      return null;
    }
    try {
      JsonParser tokens = parser == null ? open() : parser;
      JsonToken token = tokens.nextToken();
      if (token == JsonToken.END_ARRAY) {
        ended = true;
        if (tokens.nextToken() != null) {
          throw new DataException(
              origin(tokens, -1),
              "something follows the end of the JSON array; a file is one array, or one object a line");
        }
        return null;
      }
      Origin origin = origin(tokens, element);
      if (token != JsonToken.START_OBJECT) {
        throw new DataException(
            origin, "expected a JSON object { ... } in the array, found " + token);
      }
      Row row = new Row(origin, JsonRows.object(tokens, limits));
      element++;
      return row;
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      long line = linesBefore + (at == null ? 1 : Math.max(1, at.getLineNr()));
      String column =
          at == null || at.getColumnNr() < 1
              ? ""
              : " (column " + (at.getColumnNr() + (at.getLineNr() == 1 ? columnsBefore : 0)) + ")";
      throw new DataException(
          new Origin(file, line, ended ? -1 : element),
          "not valid JSON: " + JsonRows.problem(e) + column,
          e);
    } catch (IOException e) {
      throw Rows.unreadable(new Origin(file, 0, element), e);
    }
  }

  @Override
  public void close() {
    Rows.close(in, file);
  }

  private JsonParser open() throws IOException {
    JsonParser opened = JsonRows.factory(limits).createParser(in);
    parser = opened;
    opened.nextToken();
    return opened;
  }

  private Origin origin(JsonParser tokens, long index) {
    return new Origin(
        file, linesBefore + Math.max(1, tokens.currentTokenLocation().getLineNr()), index);
  }
}
