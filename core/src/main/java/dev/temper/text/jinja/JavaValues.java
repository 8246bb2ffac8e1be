package dev.temper.text.jinja;

import dev.temper.UserException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Copies the caller's plain Java data into template values. Anything else is refused: no Java
 * object reaches a template.
 */
final class JavaValues {
  private static final int MAX_DEPTH = 400;

  private JavaValues() {}

  static Map<String, Object> variables(Map<String, ?> variables) {
    Map<String, Object> result = new LinkedHashMap<>();
    variables.forEach((name, value) -> result.put(name, convert(value, name, 0)));
    return result;
  }

  private static Object convert(@Nullable Object value, String path, int depth) {
    if (depth > MAX_DEPTH) {
      throw new UserException(
          "Chat template variable "
              + path.substring(0, 60)
              + "…: more than "
              + MAX_DEPTH
              + " nested levels");
    }
    if (value == null) {
      return None.NONE;
    }
    if (value instanceof String
        || value instanceof Boolean
        || value instanceof Double
        || value instanceof BigInteger) {
      return value;
    }
    if (value instanceof Integer
        || value instanceof Long
        || value instanceof Short
        || value instanceof Byte) {
      return BigInteger.valueOf(((Number) value).longValue());
    }
    if (value instanceof Float || value instanceof BigDecimal) {
      return ((Number) value).doubleValue();
    }
    if (value instanceof CharSequence text) {
      return text.toString();
    }
    if (value instanceof Map<?, ?> map) {
      PyDict dict = new PyDict();
      map.forEach(
          (key, item) ->
              dict.put(
                  convert(key, path + ".key", depth + 1),
                  convert(item, path + "." + key, depth + 1)));
      return dict;
    }
    if (value instanceof Collection<?> items) {
      List<Object> list = new ArrayList<>(items.size());
      for (Object item : items) {
        list.add(convert(item, path + "[" + list.size() + "]", depth + 1));
      }
      return new PyList(list);
    }
    throw new UserException(
        "Chat template variable "
            + path
            + " is a "
            + value.getClass().getName()
            + ": only maps, lists, strings, numbers, booleans and null can be rendered. Convert it first.");
  }
}
