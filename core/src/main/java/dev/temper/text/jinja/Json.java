package dev.temper.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The filter {@code tojson} of transformers: Python's {@code json.dumps}, without escaping HTML.
 */
final class Json {

  /**
   * How to write.
   *
   * @param ensureAscii escape everything outside ASCII
   * @param indent what one level is indented with; null for everything in one line
   */
  record Style(
      boolean ensureAscii,
      @Nullable String indent,
      String itemSeparator,
      String keySeparator,
      boolean sortKeys) {}

  private final Style style;
  private final Operators operators;
  private final Budget budget;
  private final StringBuilder out = new StringBuilder();

  private Json(Style style, Operators operators, Budget budget) {
    this.style = style;
    this.operators = operators;
    this.budget = budget;
  }

  static String dumps(Object value, Style style, Operators operators, Budget budget) {
    Json json = new Json(style, operators, budget);
    json.write(value, 0);
    return json.out.toString();
  }

  private void write(Object value, int level) {
    budget.enter();
    try {
      if (Values.isString(value)) {
        string(Values.text(value));
      } else if (value instanceof None || Numbers.isNumber(value)) {
        append(scalar(value));
      } else if (value instanceof PyList list) {
        array(list.items(), level);
      } else if (value instanceof PyTuple tuple) {
        array(tuple.items(), level);
      } else if (value instanceof PyDict dict) {
        object(dict, level);
      } else {
        throw JinjaException.type(
            "Object of type " + Values.typeName(value) + " is not JSON serializable");
      }
    } finally {
      budget.leave();
    }
  }

  private static String scalar(Object value) {
    if (value instanceof Boolean b) {
      return b ? "true" : "false";
    }
    if (value instanceof BigInteger i) {
      return Numbers.repr(i);
    }
    if (value instanceof Double d) {
      return Double.isNaN(d)
          ? "NaN"
          : Double.isInfinite(d) ? (d > 0 ? "Infinity" : "-Infinity") : Numbers.repr(d);
    }
    return "null";
  }

  private void array(List<Object> items, int level) {
    if (items.isEmpty()) {
      append("[]");
      return;
    }
    append("[");
    for (int i = 0; i < items.size(); i++) {
      separate(i, level + 1);
      write(items.get(i), level + 1);
    }
    newLine(level);
    append("]");
  }

  private void object(PyDict dict, int level) {
    if (dict.size() == 0) {
      append("{}");
      return;
    }
    List<PyDict.Entry> entries = new ArrayList<>(dict.entries());
    if (style.sortKeys()) {
      operators.sort(entries, (a, b) -> operators.order(Expr.CompareOp.LT, a.key(), b.key()));
    }
    append("{");
    for (int i = 0; i < entries.size(); i++) {
      separate(i, level + 1);
      Object key = entries.get(i).key();
      if (Values.isString(key)) {
        string(Values.text(key));
      } else if (key instanceof None || Numbers.isNumber(key)) {
        string(scalar(key));
      } else {
        throw JinjaException.type(
            "keys must be str, int, float, bool or None, not " + Values.typeName(key));
      }
      append(style.keySeparator());
      write(entries.get(i).value(), level + 1);
    }
    newLine(level);
    append("}");
  }

  private void separate(int index, int level) {
    if (index > 0) {
      append(style.itemSeparator());
    }
    newLine(level);
  }

  private void newLine(int level) {
    if (style.indent() != null) {
      budget.chars((long) style.indent().length() * level);
      append("\n" + style.indent().repeat(level));
    }
  }

  private void append(String text) {
    budget.chars(text.length());
    out.append(text);
  }

  private void string(String s) {
    budget.chars(s.length() + 2L);
    out.append('"');
    for (int i = 0; i < s.length(); i++) {
      char c = s.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> {
          if (c < 0x20 || (style.ensureAscii() && c > 0x7E)) {
            out.append("\\u")
                .append(Character.forDigit(c >> 12, 16))
                .append(Character.forDigit(c >> 8 & 15, 16));
            out.append(Character.forDigit(c >> 4 & 15, 16)).append(Character.forDigit(c & 15, 16));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
