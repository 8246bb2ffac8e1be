package dev.temper.text.jinja;

import dev.temper.text.jinja.Signature.Bound;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The methods of Python's {@code str}, except those about bytes. */
final class StringMethods {
  private static final Map<String, Method> METHODS = new HashMap<>();

  private StringMethods() {}

  private interface Body {
    Object apply(Interpreter interpreter, String self, Bound arguments);
  }

  private record Method(Signature signature, Body body) {}

  static @Nullable Object get(Object string, String name) {
    String text = Values.text(string);
    if (name.equals("format")) {
      return new Function(
          "function",
          (interpreter, a) ->
              new StringFormat(interpreter).format(text, a.positional(), PyDict.of(a.named())));
    }
    Method method = METHODS.get(name);
    if (method == null) {
      return null;
    }
    return Function.method(
        method.signature(),
        (interpreter, a) -> {
          interpreter.budget().steps(text.length() >> 4);
          interpreter.budget().chars(text.length());
          return rewrap(string, method.body().apply(interpreter, text, a));
        });
  }

  private static Object rewrap(Object string, Object result) {
    return string instanceof Markup && result instanceof String s ? new Markup(s) : result;
  }

  private static void method(String name, Body body, String... parameters) {
    METHODS.put(name, new Method(Signature.of(name, parameters), body));
  }

  private static void plain(String name, UnaryOperator<String> function) {
    method(name, (interpreter, s, a) -> function.apply(s));
  }

  private static void all(String name, IntPredicate holds) {
    method(name, (interpreter, s, a) -> !s.isEmpty() && s.codePoints().allMatch(holds));
  }

  static {
    plain("upper", s -> s.toUpperCase(Locale.ROOT));
    plain("lower", s -> s.toLowerCase(Locale.ROOT));
    plain("casefold", s -> s.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT));
    plain("title", Str::title);
    plain("capitalize", Str::capitalize);
    plain("swapcase", Str::swapCase);
    method(
        "strip",
        (interpreter, s, a) -> a.isNone(0) ? Str.strip(s) : Str.strip(s, a.string(0), true, true),
        "chars?");
    method(
        "lstrip",
        (interpreter, s, a) -> a.isNone(0) ? Str.lstrip(s) : Str.strip(s, a.string(0), true, false),
        "chars?");
    method(
        "rstrip",
        (interpreter, s, a) -> a.isNone(0) ? Str.rstrip(s) : Str.strip(s, a.string(0), false, true),
        "chars?");
    method("split", (interpreter, s, a) -> split(interpreter, s, a, false), "sep?", "maxsplit?");
    method("rsplit", (interpreter, s, a) -> split(interpreter, s, a, true), "sep?", "maxsplit?");
    method(
        "splitlines",
        (interpreter, s, a) ->
            new PyList(List.copyOf(Str.splitLines(s, a.truth(0, false), interpreter.budget()))),
        "keepends?");
    method("startswith", (interpreter, s, a) -> affix(s, a, true), "prefix", "start?", "end?");
    method("endswith", (interpreter, s, a) -> affix(s, a, false), "suffix", "start?", "end?");
    method(
        "removeprefix",
        (i, s, a) -> s.startsWith(a.string(0)) ? s.substring(a.string(0).length()) : s,
        "prefix");
    method(
        "removesuffix",
        (i, s, a) ->
            s.endsWith(a.string(0)) ? s.substring(0, s.length() - a.string(0).length()) : s,
        "suffix");
    method(
        "replace",
        (interpreter, s, a) ->
            replace(interpreter.budget(), s, a.string(0), a.string(1), a.integer(2, -1)),
        "old",
        "new",
        "count?");
    method("find", (interpreter, s, a) -> Numbers.of(find(s, a, false)), "sub", "start?", "end?");
    method("rfind", (interpreter, s, a) -> Numbers.of(find(s, a, true)), "sub", "start?", "end?");
    method("index", (interpreter, s, a) -> index(find(s, a, false)), "sub", "start?", "end?");
    method("rindex", (interpreter, s, a) -> index(find(s, a, true)), "sub", "start?", "end?");
    method(
        "count", (interpreter, s, a) -> count(interpreter.budget(), s, a), "sub", "start?", "end?");
    method("join", StringMethods::join, "iterable");
    method("partition", (interpreter, s, a) -> partition(s, a.string(0), false), "sep");
    method("rpartition", (interpreter, s, a) -> partition(s, a.string(0), true), "sep");
    method(
        "zfill",
        (interpreter, s, a) -> zeroFill(interpreter.budget(), s, a.integer(0, 0)),
        "width");
    method(
        "ljust",
        (interpreter, s, a) -> justify(interpreter.budget(), s, a, 0, 1),
        "width",
        "fillchar?");
    method(
        "rjust",
        (interpreter, s, a) -> justify(interpreter.budget(), s, a, 1, 0),
        "width",
        "fillchar?");
    method(
        "center",
        (interpreter, s, a) -> justify(interpreter.budget(), s, a, 1, 1),
        "width",
        "fillchar?");
    method(
        "expandtabs",
        (interpreter, s, a) -> expandTabs(interpreter.budget(), s, a.integer(0, 8)),
        "tabsize?");
    method("translate", StringMethods::translate, "table");
    method(
        "format_map",
        (interpreter, s, a) -> {
          if (!(a.get(0) instanceof PyDict values)) {
            throw JinjaException.type(
                "format_map() needs a dict, got " + Values.typeName(a.get(0)));
          }
          return new StringFormat(interpreter).format(s, List.of(), values);
        },
        "mapping");
    all("isdigit", c -> Character.isDigit(c) || isSuperscriptDigit(c));
    all("isdecimal", Character::isDigit);
    all("isnumeric", StringMethods::isNumeric);
    all("isalpha", Character::isLetter);
    all("isalnum", c -> Character.isLetter(c) || isNumeric(c));
    all("isspace", Str::isSpace);
    method("isascii", (interpreter, s, a) -> s.chars().allMatch(c -> c < 128));
    method("isprintable", (interpreter, s, a) -> s.codePoints().allMatch(Str::isPrintable));
    method("isupper", (interpreter, s, a) -> Str.isUpper(s));
    method("islower", (interpreter, s, a) -> Str.isLower(s));
    method("istitle", (interpreter, s, a) -> Str.isTitle(s));
    method(
        "isidentifier",
        (interpreter, s, a) ->
            !s.isEmpty()
                && (s.charAt(0) == '_' || Character.isUnicodeIdentifierStart(s.codePointAt(0)))
                && s.codePoints()
                    .allMatch(
                        c ->
                            c == '_'
                                || (Character.isUnicodeIdentifierPart(c)
                                    && !Character.isIdentifierIgnorable(c))));
  }

  /**
   * The three categories of numbers; unlike in Python without the ideographs that stand for
   * numbers.
   */
  private static boolean isNumeric(int c) {
    int type = Character.getType(c);
    return type == Character.DECIMAL_DIGIT_NUMBER
        || type == Character.LETTER_NUMBER
        || type == Character.OTHER_NUMBER;
  }

  private static boolean isSuperscriptDigit(int c) {
    return c == 0xB2
        || c == 0xB3
        || c == 0xB9
        || c == 0x2070
        || (c >= 0x2074 && c <= 0x2079)
        || (c >= 0x2080 && c <= 0x2089);
  }

  private static Object split(Interpreter interpreter, String s, Bound a, boolean right) {
    int limit = a.integer(1, -1);
    List<Object> parts;
    if (a.isNone(0)) {
      parts =
          right
              ? Str.rsplit(s, limit, interpreter.budget())
              : Str.split(s, limit, interpreter.budget());
    } else {
      String separator = a.string(0);
      if (separator.isEmpty()) {
        throw JinjaException.value("empty separator");
      }
      parts =
          right
              ? Str.rsplit(s, separator, limit, interpreter.budget())
              : Str.split(s, separator, limit, interpreter.budget());
    }
    return new PyList(parts);
  }

  /**
   * The part of a string that the arguments 1 and 2 (start and end) leave, as UTF-16 positions;
   * null when start is past the end.
   */
  private static int @Nullable [] range(String s, Bound a) {
    if (a.isNone(1) && a.isNone(2)) {
      return new int[] {0, s.length()};
    }
    int length = Str.length(s);
    int start = a.isNone(1) ? 0 : a.integer(1, 0);
    int end = a.isNone(2) ? length : a.integer(2, length);
    start = start < 0 ? Math.max(0, start + length) : start;
    end = end < 0 ? Math.max(0, end + length) : Math.min(end, length);
    return start > end ? null : new int[] {Str.offset(s, start), Str.offset(s, end)};
  }

  private static Object affix(String s, Bound a, boolean prefix) {
    int[] range = range(s, a);
    if (range == null) {
      return false;
    }
    String part = s.substring(range[0], range[1]);
    List<Object> affixes = a.get(0) instanceof PyTuple tuple ? tuple.items() : List.of(a.get(0));
    for (Object affix : affixes) {
      if (!Values.isString(affix)) {
        String name = prefix ? "startswith" : "endswith";
        throw JinjaException.type(
            name + " first arg must be str or a tuple of str, not " + Values.typeName(affix));
      }
      if (prefix ? part.startsWith(Values.text(affix)) : part.endsWith(Values.text(affix))) {
        return true;
      }
    }
    return false;
  }

  private static int find(String s, Bound a, boolean last) {
    int[] range = range(s, a);
    if (range == null) {
      return -1;
    }
    String part = s.substring(range[0], range[1]);
    int found = last ? Str.findLast(part, a.string(0)) : Str.find(part, a.string(0), 0);
    return found < 0 ? -1 : s.codePointCount(0, range[0] + found);
  }

  private static Object index(int found) {
    if (found < 0) {
      throw JinjaException.value("substring not found");
    }
    return Numbers.of(found);
  }

  private static Object count(Budget budget, String s, Bound a) {
    int[] range = range(s, a);
    if (range == null) {
      return Numbers.of(0);
    }
    String part = s.substring(range[0], range[1]);
    return Numbers.of(
        a.string(0).isEmpty()
            ? Str.length(part) + 1L
            : Str.split(part, a.string(0), -1, budget).size() - 1L);
  }

  static String replace(Budget budget, String s, String old, String replacement, int count) {
    StringBuilder out = new StringBuilder(s.length());
    int done = 0;
    int from = 0;
    while (count < 0 || done < count) {
      int at = old.isEmpty() ? nextGap(s, from, done) : Str.find(s, old, from);
      if (at < 0) {
        break;
      }
      budget.chars((long) at - from + replacement.length());
      out.append(s, from, at).append(replacement);
      from = at + old.length();
      done++;
    }
    budget.chars(s.length() - from);
    return out.append(s, from, s.length()).toString();
  }

  /**
   * The place before the next character: where an empty string is found after {@code done} finds,
   * or -1.
   */
  private static int nextGap(String s, int from, int done) {
    if (done == 0) {
      return 0;
    }
    return from >= s.length() ? -1 : from + Character.charCount(s.codePointAt(from));
  }

  private static Object join(Interpreter interpreter, String separator, Bound a) {
    List<Object> items = Values.list(a.get(0), interpreter.budget());
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < items.size(); i++) {
      if (!Values.isString(items.get(i))) {
        throw JinjaException.type(
            "sequence item "
                + i
                + ": expected str instance, "
                + Values.typeName(items.get(i))
                + " found");
      }
      String item = Values.text(items.get(i));
      interpreter.budget().chars((long) item.length() + separator.length());
      out.append(i == 0 ? "" : separator).append(item);
    }
    return out.toString();
  }

  private static Object partition(String s, String separator, boolean last) {
    if (separator.isEmpty()) {
      throw JinjaException.value("empty separator");
    }
    int at = last ? Str.findLast(s, separator) : Str.find(s, separator, 0);
    if (at < 0) {
      return last ? PyTuple.of("", "", s) : PyTuple.of(s, "", "");
    }
    return PyTuple.of(s.substring(0, at), separator, s.substring(at + separator.length()));
  }

  private static String zeroFill(Budget budget, String s, int width) {
    int missing = width - Str.length(s);
    if (missing <= 0) {
      return s;
    }
    budget.chars(width);
    int sign = s.startsWith("-") || s.startsWith("+") ? 1 : 0;
    return s.substring(0, sign) + "0".repeat(missing) + s.substring(sign);
  }

  private static String justify(Budget budget, String s, Bound a, int left, int right) {
    String fill = a.string(1, " ");
    if (Str.length(fill) != 1) {
      throw JinjaException.type("The fill character must be exactly one character long");
    }
    return pad(budget, s, a.integer(0, 0), fill, left, right);
  }

  /**
   * Pads to a width: on the left, on the right, or on both sides when {@code left} and {@code
   * right} are 1.
   */
  static String pad(Budget budget, String s, int width, String fill, int left, int right) {
    int missing = width - Str.length(s);
    if (missing <= 0) {
      return s;
    }
    budget.chars((long) width * 2);
    int before = left == 0 ? 0 : right == 0 ? missing : missing / 2 + (missing & width & 1);
    return fill.repeat(before) + s + fill.repeat(missing - before);
  }

  private static String expandTabs(Budget budget, String s, int size) {
    StringBuilder out = new StringBuilder();
    int column = 0;
    for (int i = 0; i < s.length(); ) {
      int c = s.codePointAt(i);
      i += Character.charCount(c);
      if (c == '\t') {
        int spaces = size <= 0 ? 0 : size - column % size;
        budget.chars(spaces);
        out.append(" ".repeat(spaces));
        column += spaces;
      } else {
        out.appendCodePoint(c);
        column = c == '\n' || c == '\r' ? 0 : column + 1;
      }
    }
    return out.toString();
  }

  private static Object translate(Interpreter interpreter, String s, Bound a) {
    StringBuilder out = new StringBuilder();
    for (int c : s.codePoints().toArray()) {
      Object to = a.get(0) instanceof PyDict table ? table.get(Numbers.of(c)) : null;
      if (to == null) {
        out.appendCodePoint(c);
      } else if (Values.isString(to)) {
        interpreter.budget().chars(Values.text(to).length());
        out.append(Values.text(to));
      } else if (Numbers.isIntegral(to)) {
        int point = Numbers.clampToInt(Numbers.integer(to));
        if (!Character.isValidCodePoint(point)) {
          throw JinjaException.value("character mapping must be in range(0x110000)");
        }
        out.appendCodePoint(point);
      } else if (to != None.NONE) {
        throw JinjaException.type("character mapping must return integer, None or str");
      }
    }
    return out.toString();
  }
}
