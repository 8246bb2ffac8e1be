package dev.temper.text.jinja;

import java.math.BigInteger;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Python's {@code format % values}. */
final class PercentFormat {
  private final Budget budget;

  PercentFormat(Budget budget) {
    this.budget = budget;
  }

  String format(String format, Object values) {
    List<Object> arguments = values instanceof PyTuple tuple ? tuple.items() : List.of(values);
    StringBuilder out = new StringBuilder();
    int used = 0;
    boolean mapped = values instanceof PyDict;
    for (int i = 0; i < format.length(); ) {
      char c = format.charAt(i++);
      if (c != '%') {
        out.append(c);
        continue;
      }
      String key = null;
      if (i < format.length() && format.charAt(i) == '(') {
        int close = format.indexOf(')', i);
        if (close < 0) {
          throw JinjaException.value("incomplete format key");
        }
        key = format.substring(i + 1, close);
        i = close + 1;
      }
      int flagsEnd = i;
      while (flagsEnd < format.length() && "#0- +".indexOf(format.charAt(flagsEnd)) >= 0) {
        flagsEnd++;
      }
      String flags = format.substring(i, flagsEnd);
      i = flagsEnd;
      int width = 0;
      int precision = -1;
      if (i < format.length() && format.charAt(i) == '*') {
        width = Numbers.clampToInt(Numbers.index(next(arguments, used++)));
        if (width < 0) {
          flags += "-";
          width = -width;
        }
        i++;
      } else {
        int end = digitsEnd(format, i);
        width = number(format, i, end);
        i = end;
      }
      if (i < format.length() && format.charAt(i) == '.') {
        i++;
        if (i < format.length() && format.charAt(i) == '*') {
          precision = Math.max(0, Numbers.clampToInt(Numbers.index(next(arguments, used++))));
          i++;
        } else {
          int end = digitsEnd(format, i);
          precision = number(format, i, end);
          i = end;
        }
      }
      while (i < format.length() && "hlL".indexOf(format.charAt(i)) >= 0) {
        i++;
      }
      if (i >= format.length()) {
        throw JinjaException.value("incomplete format");
      }
      char type = format.charAt(i++);
      if (type == '%') {
        out.append('%');
        continue;
      }
      Object argument = key != null ? lookup(values, key) : next(arguments, used++);
      String text = convert(argument, type, flags, precision);
      budget.chars((long) Math.max(width, 0) + text.length());
      out.append(pad(text, type, flags, width));
    }
    if (!mapped && used < arguments.size() && !(used == 0 && values instanceof PyList)) {
      throw JinjaException.type("not all arguments converted during string formatting");
    }
    budget.chars(out.length());
    return out.toString();
  }

  private static int digitsEnd(String s, int from) {
    int end = from;
    while (end < s.length() && s.charAt(end) >= '0' && s.charAt(end) <= '9') {
      end++;
    }
    return end;
  }

  private static int number(String s, int from, int to) {
    if (to - from > 9) {
      throw JinjaException.value("width or precision too big");
    }
    return from == to ? 0 : Integer.parseInt(s.substring(from, to));
  }

  private static Object next(List<Object> arguments, int index) {
    if (index >= arguments.size()) {
      throw JinjaException.type("not enough arguments for format string");
    }
    return arguments.get(index);
  }

  private static Object lookup(Object values, String key) {
    if (!(values instanceof PyDict dict)) {
      throw JinjaException.type("format requires a mapping");
    }
    @Nullable Object value = dict.get(key);
    if (value == null) {
      throw new JinjaException(JinjaException.Kind.LOOKUP, 0, Repr.quote(key));
    }
    return value;
  }

  private String convert(Object value, char type, String flags, int precision) {
    boolean alternate = flags.indexOf('#') >= 0;
    switch (type) {
      case 's', 'r', 'a' -> {
        String text = type == 's' ? Repr.str(value, budget) : Repr.repr(value, budget);
        return precision >= 0 && precision < Str.length(text)
            ? text.substring(0, Str.offset(text, precision))
            : text;
      }
      case 'c' -> {
        if (Values.isString(value) && Str.length(Values.text(value)) == 1) {
          return Values.text(value);
        }
        int point = Numbers.isIntegral(value) ? Numbers.clampToInt(Numbers.integer(value)) : -1;
        if (!Character.isValidCodePoint(point)) {
          throw JinjaException.type("%c requires int or char");
        }
        return Character.toString(point);
      }
      case 'd', 'i', 'u', 'x', 'X', 'o' -> {
        boolean decimal = type == 'd' || type == 'i' || type == 'u';
        if (value instanceof Undefined undefined) {
          throw undefined.error();
        }
        if (!Numbers.isNumber(value) || (!decimal && value instanceof Double)) {
          throw JinjaException.type(
              "%"
                  + type
                  + " format: "
                  + (decimal ? "a real number" : "an integer")
                  + " is required, not "
                  + Values.typeName(value));
        }
        BigInteger integer =
            value instanceof Double d ? Numbers.truncate(d) : Numbers.integer(value);
        String digits = NumberFormat.radix(integer.abs(), type);
        digits =
            "0".repeat(Math.min(Math.max(0, precision - digits.length()), Numbers.MAX_DIGITS))
                + digits;
        String prefix = !alternate || decimal ? "" : "0" + type;
        return sign(integer.signum() < 0, flags) + prefix + digits;
      }
      case 'e', 'E', 'f', 'F', 'g', 'G' -> {
        if (value instanceof Undefined undefined) {
          throw undefined.error();
        }
        if (!Numbers.isNumber(value)) {
          throw JinjaException.type("must be real number, not " + Values.typeName(value));
        }
        double number = Numbers.toDouble(value);
        boolean negative = number < 0 || (number == 0 && 1 / number < 0);
        return sign(negative, flags)
            + NumberFormat.format(Math.abs(number), type, precision < 0 ? 6 : precision, alternate);
      }
      default -> throw JinjaException.value("unsupported format character '" + type + "'");
    }
  }

  private static String sign(boolean negative, String flags) {
    return negative ? "-" : flags.indexOf('+') >= 0 ? "+" : flags.indexOf(' ') >= 0 ? " " : "";
  }

  private static String pad(String text, char type, String flags, int width) {
    int missing = width - Str.length(text);
    if (missing <= 0) {
      return text;
    }
    if (flags.indexOf('-') >= 0) {
      return text + " ".repeat(missing);
    }
    if (flags.indexOf('0') >= 0 && "srac".indexOf(type) < 0) {
      int sign = !text.isEmpty() && "+- ".indexOf(text.charAt(0)) >= 0 ? 1 : 0;
      return text.substring(0, sign) + "0".repeat(missing) + text.substring(sign);
    }
    return " ".repeat(missing) + text;
  }
}
