package dev.temper.data;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** JSON objects over several lines, one after the other. */
final class JsonDocumentReader implements RowReader {
  private final String file;
  private final ByteSource in;
  private final RowLimits limits;
  private final long linesBefore;
  private @Nullable JsonParser parser;

  JsonDocumentReader(String file, ByteSource in, RowLimits limits, long linesBefore) {
    this.file = file;
    this.in = in;
    this.limits = limits;
    this.linesBefore = linesBefore;
  }

  @Override
  public @Nullable Row next() {
    try {
      JsonParser tokens = parser;
      if (tokens == null) {
        tokens = JsonRows.factory(limits).createParser(in);
        parser = tokens;
      }
      JsonToken token = tokens.nextToken();
      if (token == null) {
        return null;
      }
      Origin origin = origin(tokens.currentTokenLocation());
      if (token != JsonToken.START_OBJECT) {
        throw new DataException(origin, "expected a JSON object { ... }, found " + token);
      }
      return new Row(origin, JsonRows.object(tokens, limits));
    } catch (JsonProcessingException e) {
      throw new DataException(origin(e.getLocation()), "not valid JSON: " + JsonRows.problem(e), e);
    } catch (IOException e) {
      throw Rows.unreadable(new Origin(file, 0, -1), e);
    }
  }

  @Override
  public void close() {
    Rows.close(in, file);
  }

  private Origin origin(@Nullable JsonLocation at) {
    return new Origin(file, linesBefore + (at == null ? 1 : Math.max(1, at.getLineNr())), -1);
  }
}
