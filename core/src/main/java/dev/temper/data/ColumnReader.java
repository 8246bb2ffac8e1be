package dev.temper.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Typed access to the columns of a row; remembers which were read, so that the rest can be copied
 * through.
 */
final class ColumnReader {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Row row;
  private final Set<String> used = new HashSet<>();

  ColumnReader(Row row) {
    this.row = row;
  }

  /**
   * Whether an optional column of the format has a value; either way it is one of the format's own,
   * not to be copied through.
   */
  boolean has(String column) {
    return take(column) != null;
  }

  /** The value, or null if the cell is empty or absent. */
  @Nullable Object take(String column) {
    used.add(column);
    return row.values().get(column);
  }

  String text(String column) {
    Object value = take(column);
    if (value instanceof String text) {
      return text;
    }
    throw wrong(column, value, "text");
  }

  String textOrEmpty(String column) {
    return has(column) ? text(column) : "";
  }

  List<?> list(String column) {
    Object value = take(column);
    if (value instanceof List<?> list) {
      return list;
    }
    throw wrong(column, value, "a list");
  }

  /**
   * Token ids, or masks of zeros and ones (or booleans): integers of at least {@code least} and at
   * most {@code most}.
   */
  int[] integers(String column, int least, int most) {
    List<?> list = list(column);
    int[] result = new int[list.size()];
    for (int i = 0; i < result.length; i++) {
      Object value = list.get(i);
      if (value instanceof Boolean bit) {
        value = bit ? 1 : 0;
      }
      if (!(value instanceof Integer number) || number < least || number > most) {
        String range =
            most == Integer.MAX_VALUE
                ? "an integer of at least " + least
                : "an integer from " + least + " to " + most;
        throw wrong(column + "[" + i + "]", value, range);
      }
      result[i] = number;
    }
    return result;
  }

  List<Map<String, Object>> messages(String column) {
    return Messages.read(row.origin(), column, take(column));
  }

  ChatContext context() {
    return new ChatContext(tools(), templateKwargs());
  }

  /** Everything else: call it last. */
  RowInfo info() {
    Object weight = take("weight");
    if (weight != null && !(weight instanceof Number)) {
      throw wrong("weight", weight, "a number");
    }
    Map<String, @Nullable Object> extras = new LinkedHashMap<>(row.values());
    extras.keySet().removeAll(used);
    return new RowInfo(
        row.origin(), weight instanceof Number number ? number.doubleValue() : 1, extras);
  }

  DataException wrong(String column, @Nullable Object value, String expected) {
    return new DataException(
        row.origin(),
        "column \"" + column + "\" must be " + expected + ", found " + Messages.shown(value));
  }

  private List<Map<String, Object>> tools() {
    Object value = take("tools");
    if (value instanceof String text) {
      if (text.isBlank()) {
        return List.of();
      }
      value = json("tools", text);
    }
    if (value == null) {
      return List.of();
    }
    if (!(value instanceof List<?> list)) {
      throw wrong("tools", value, "a list of JSON schemas, or that list as a JSON string");
    }
    List<Map<String, Object>> tools = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      if (!(list.get(i) instanceof Map<?, ?> tool)) {
        throw wrong("tools[" + i + "]", list.get(i), "a JSON schema (an object)");
      }
      tools.add(Messages.map(tool));
    }
    return tools;
  }

  private Map<String, @Nullable Object> templateKwargs() {
    Object value = take("chat_template_kwargs");
    if (value == null) {
      return Map.of();
    }
    if (value instanceof Map<?, ?> map) {
      return Messages.map(map);
    }
    throw wrong("chat_template_kwargs", value, "an object");
  }

  private Object json(String column, String text) {
    try {
      return JSON.readValue(text, Object.class);
    } catch (JsonProcessingException e) {
      throw new DataException(
          row.origin(),
          "column \"" + column + "\" is text but not JSON: " + JsonRows.problem(e),
          e);
    }
  }
}
