package dev.temper.data;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Turns JSON tokens into the plain values of a {@link Row}, counting what they cost against the
 * limits.
 */
final class JsonRows {
  /**
   * Deeper nesting is no data set; the bound keeps the recursion below far from the end of the
   * stack.
   */
  private static final int MAX_DEPTH = 200;

  private final RowLimits limits;
  private long characters;
  private long count;

  private JsonRows(RowLimits limits) {
    this.limits = limits;
  }

  /**
   * A factory for one file: its symbol table dies with it, and names chosen by the file are not
   * interned in the JVM.
   */
  static JsonFactory factory(RowLimits limits) {
    return JsonFactory.builder()
        .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
        .disable(JsonFactory.Feature.FAIL_ON_SYMBOL_HASH_OVERFLOW)
        .streamReadConstraints(
            StreamReadConstraints.builder()
                .maxNestingDepth(MAX_DEPTH)
                .maxStringLength(limits.maxRowBytes())
                .maxNumberLength(1000)
                .build())
        .build();
  }

  /**
   * The object whose opening brace is the current token of {@code parser}.
   *
   * @throws JsonProcessingException if it is malformed, repeats a key, or is larger than the limits
   *     allow
   */
  static Map<String, @Nullable Object> object(JsonParser parser, RowLimits limits)
      throws IOException {
    return new JsonRows(limits).object(parser);
  }

  /**
   * What Jackson says, without its own locations and setting names, which mean nothing to a user.
   */
  static String problem(JsonProcessingException e) {
    String message = String.valueOf(e.getOriginalMessage());
    return message
        .replaceAll(" \\(start marker at \\[.*?\\]\\)", "")
        .replaceAll(", from `[^`]*`", "")
        .replace('\n', ' ');
  }

  private Map<String, @Nullable Object> object(JsonParser parser) throws IOException {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      spend(parser, name.length());
      if (map.containsKey(name)) {
        throw new JsonParseException(parser, "key \"" + name + "\" appears twice in one object");
      }
      parser.nextToken();
      map.put(name, value(parser));
    }
    return map.isEmpty() ? Map.of() : Collections.unmodifiableMap(map);
  }

  private List<@Nullable Object> array(JsonParser parser) throws IOException {
    List<@Nullable Object> list = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      list.add(value(parser));
    }
    return list.isEmpty() ? List.of() : Collections.unmodifiableList(list);
  }

  private @Nullable Object value(JsonParser parser) throws IOException {
    JsonToken token = parser.currentToken();
    return switch (token) {
      case START_OBJECT -> {
        spend(parser, 1);
        yield object(parser);
      }
      case START_ARRAY -> {
        spend(parser, 1);
        yield array(parser);
      }
      case VALUE_STRING -> {
        String text = parser.getText();
        spend(parser, text.length());
        yield text;
      }
      case VALUE_NUMBER_INT -> {
        spend(parser, parser.getTextLength());
        yield parser.getNumberValue();
      }
      case VALUE_NUMBER_FLOAT -> {
        spend(parser, parser.getTextLength());
        double number = parser.getDoubleValue();
        if (Double.isInfinite(number)) {
          throw new JsonParseException(
              parser, "number " + parser.getText() + " is too large for a double");
        }
        yield number;
      }
      case VALUE_TRUE -> literal(parser, true);
      case VALUE_FALSE -> literal(parser, false);
      case VALUE_NULL -> literal(parser, null);
      default -> throw new JsonParseException(parser, "unexpected " + token);
    };
  }

  private @Nullable Object literal(JsonParser parser, @Nullable Boolean value)
      throws JsonParseException {
    spend(parser, 4);
    return value;
  }

  private void spend(JsonParser parser, int length) throws JsonParseException {
    characters += length;
    if (characters > limits.maxRowBytes()) {
      throw new JsonParseException(
          parser,
          "the row has more than " + limits.maxRowBytes() + " characters, the largest row allowed");
    }
    if (++count > limits.maxValues()) {
      throw new JsonParseException(
          parser, "the row has more than " + limits.maxValues() + " values, the most allowed");
    }
  }
}
