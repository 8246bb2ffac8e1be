package dev.temper.text.jinja;

import java.math.BigInteger;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Python's {@code str.format}, whose fields look up attributes through the sandbox like any
 * expression.
 */
final class StringFormat {
  private static final Pattern SPEC =
      Pattern.compile(
          "(?s)(?:(.)?([<>=^]))?([-+ ])?(z)?(#)?(0)?(\\d{1,9})?([,_])?(?:\\.(\\d{1,9}))?([a-zA-Z%])?");

  private final Interpreter interpreter;
  private List<Object> positional = List.of();
  private PyDict named = new PyDict();
  private int automatic;

  StringFormat(Interpreter interpreter) {
    this.interpreter = interpreter;
  }

  String format(String format, List<Object> positionalValues, PyDict namedValues) {
    positional = positionalValues;
    named = namedValues;
    return expand(format, 2);
  }

  private String expand(String format, int depth) {
    if (depth < 0) {
      throw JinjaException.value("Max string recursion exceeded");
    }
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < format.length(); ) {
      char c = format.charAt(i++);
      if (c == '{' || c == '}') {
        if (i < format.length() && format.charAt(i) == c) {
          out.append(c);
          i++;
        } else if (c == '}') {
          throw JinjaException.value("Single '}' encountered in format string");
        } else {
          int end = fieldEnd(format, i);
          String text = field(format.substring(i, end), depth);
          interpreter.budget().chars(text.length());
          out.append(text);
          i = end + 1;
        }
      } else {
        out.append(c);
      }
    }
    interpreter.budget().chars(out.length());
    return out.toString();
  }

  private static int fieldEnd(String format, int start) {
    int depth = 1;
    for (int i = start; i < format.length(); i++) {
      char c = format.charAt(i);
      depth += c == '{' ? 1 : c == '}' ? -1 : 0;
      if (depth == 0) {
        return i;
      }
    }
    throw JinjaException.value("expected '}' before end of string");
  }

  private String field(String field, int depth) {
    int nameEnd = 0;
    boolean inBrackets = false;
    while (nameEnd < field.length()) {
      char c = field.charAt(nameEnd);
      if (c == '[') {
        inBrackets = true;
      } else if (c == ']') {
        inBrackets = false;
      } else if (!inBrackets && (c == '!' || c == ':')) {
        break;
      }
      nameEnd++;
    }
    Object value = lookup(field.substring(0, nameEnd));
    String rest = field.substring(nameEnd);
    if (rest.startsWith("!")) {
      if (rest.length() < 2 || (rest.length() > 2 && rest.charAt(2) != ':')) {
        throw JinjaException.value("expected ':' after conversion specifier");
      }
      value =
          switch (rest.charAt(1)) {
            case 's' -> Repr.str(value, interpreter.budget());
            case 'r', 'a' -> Repr.repr(value, interpreter.budget());
            default ->
                throw JinjaException.value("Unknown conversion specifier '" + rest.charAt(1) + "'");
          };
      rest = rest.substring(2);
    }
    return apply(value, rest.isEmpty() ? "" : expand(rest.substring(1), depth - 1));
  }

  private Object lookup(String name) {
    int end = 0;
    while (end < name.length() && name.charAt(end) != '.' && name.charAt(end) != '[') {
      end++;
    }
    Object value = first(name.substring(0, end));
    while (end < name.length()) {
      int start = end + 1;
      if (name.charAt(end) == '.') {
        end = start;
        while (end < name.length() && name.charAt(end) != '.' && name.charAt(end) != '[') {
          end++;
        }
        value = interpreter.operators().attribute(value, name.substring(start, end));
      } else {
        int close = name.indexOf(']', start);
        if (close < 0) {
          throw JinjaException.value("Missing ']' in format string");
        }
        String key = name.substring(start, close);
        BigInteger index = isNumber(key) ? new BigInteger(key) : null;
        value = interpreter.operators().item(value, index == null ? key : index);
        end = close + 1;
      }
    }
    return value;
  }

  private static boolean isNumber(String text) {
    return !text.isEmpty()
        && text.length() < 10
        && text.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  private Object first(String name) {
    if (name.isEmpty() || isNumber(name)) {
      int index = name.isEmpty() ? automatic++ : Integer.parseInt(name);
      if (index >= positional.size()) {
        throw new JinjaException(
            JinjaException.Kind.LOOKUP,
            0,
            "Replacement index " + index + " out of range for positional args tuple");
      }
      return positional.get(index);
    }
    Object value = named.get(name);
    if (value == null) {
      throw new JinjaException(JinjaException.Kind.LOOKUP, 0, Repr.quote(name));
    }
    return value;
  }

  private String apply(Object value, String spec) {
    Budget budget = interpreter.budget();
    if (spec.isEmpty()) {
      return Repr.str(value, budget);
    }
    Matcher m = SPEC.matcher(spec);
    boolean number = Numbers.isNumber(value);
    if (!m.matches()) {
      throw JinjaException.value(
          "Invalid format specifier '"
              + spec
              + "' for object of type '"
              + Values.typeName(value)
              + "'");
    }
    if (!number && !Values.isString(value)) {
      throw JinjaException.type(
          "unsupported format string passed to " + Values.typeName(value) + ".__format__");
    }
    boolean zero = m.group(6) != null;
    String fill = m.group(1) != null ? m.group(1) : zero ? "0" : " ";
    String align = m.group(2) != null ? m.group(2) : number ? (zero ? "=" : ">") : "<";
    int width = m.group(7) == null ? 0 : Integer.parseInt(m.group(7));
    budget.chars(width);
    String sign = "";
    String text;
    if (number) {
      boolean negative =
          value instanceof Double d
              ? d < 0 || (d == 0 && 1 / d < 0)
              : Numbers.integer(value).signum() < 0;
      sign = negative ? "-" : m.group(3) == null || m.group(3).equals("-") ? "" : m.group(3);
      text = number(value, m);
    } else {
      char type = m.group(10) == null ? 's' : m.group(10).charAt(0);
      if (type != 's' || m.group(3) != null || m.group(8) != null || align.equals("=")) {
        throw JinjaException.value(
            "Invalid format specifier '" + spec + "' for object of type 'str'");
      }
      text = Values.text(value);
      if (m.group(9) != null) {
        int precision = Integer.parseInt(m.group(9));
        text = precision < Str.length(text) ? text.substring(0, Str.offset(text, precision)) : text;
      }
    }
    int missing = Math.max(0, width - Str.length(text) - sign.length());
    return switch (align) {
      case "<" -> sign + text + fill.repeat(missing);
      case "^" -> fill.repeat(missing / 2) + sign + text + fill.repeat(missing - missing / 2);
      case "=" -> sign + fill.repeat(missing) + text;
      default -> fill.repeat(missing) + sign + text;
    };
  }

  private static String number(Object value, Matcher m) {
    boolean isFloat = value instanceof Double;
    char type = m.group(10) == null ? 0 : m.group(10).charAt(0);
    boolean alternate = m.group(5) != null;
    String text;
    int group = 3;
    if (!isFloat && (type == 0 || "dxXobcn".indexOf(type) >= 0)) {
      if (m.group(9) != null) {
        throw JinjaException.value("Precision not allowed in integer format specifier");
      }
      BigInteger integer = Numbers.integer(value);
      if (type == 'c') {
        int point = Numbers.clampToInt(integer);
        if (!Character.isValidCodePoint(point)) {
          throw JinjaException.overflow("%c arg not in range(0x110000)");
        }
        return Character.toString(point);
      }
      text = NumberFormat.radix(integer.abs(), type);
      group = "xXob".indexOf(type) >= 0 && type != 0 ? 4 : 3;
      if (alternate && group == 4) {
        return "0" + type + separated(text, m, group);
      }
    } else {
      double magnitude = Math.abs(Numbers.toDouble(value));
      int precision = m.group(9) == null ? 6 : Integer.parseInt(m.group(9));
      if (type == 0 && m.group(9) == null) {
        text = Numbers.repr(magnitude);
      } else if (type == 0) {
        text = NumberFormat.format(magnitude, 'g', precision, alternate);
        text =
            text.indexOf('.') < 0 && text.indexOf('e') < 0 && precision > text.length()
                ? text + ".0"
                : text;
      } else if (type == '%') {
        text = NumberFormat.format(magnitude * 100, 'f', precision, alternate) + "%";
      } else if ("eEfFgG".indexOf(type) >= 0) {
        text = NumberFormat.format(magnitude, type, precision, alternate);
      } else {
        throw JinjaException.value(
            "Unknown format code '"
                + type
                + "' for object of type '"
                + Values.typeName(value)
                + "'");
      }
    }
    return separated(text, m, group);
  }

  private static String separated(String digits, Matcher m, int size) {
    return m.group(8) == null ? digits : NumberFormat.group(digits, m.group(8).charAt(0), size);
  }
}
