package dev.temper.text.jinja;

import dev.temper.text.jinja.Signature.Bound;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The filters on single values: text, numbers, JSON. Those on sequences are in {@link
 * SequenceFilters}.
 */
final class Filters {
  private static final Map<String, Filter> FILTERS = new HashMap<>();
  private static final String TRUNCATED = "...";

  private Filters() {}

  /** A filter with evaluated arguments. */
  @FunctionalInterface
  interface Filter {
    Object apply(Interpreter interpreter, Object input, CallArguments arguments);
  }

  /** A filter with arguments bound to its parameters. */
  @FunctionalInterface
  interface Body {
    Object apply(Interpreter interpreter, Object input, Bound arguments);
  }

  static boolean exists(String name) {
    return FILTERS.containsKey(name);
  }

  static Object apply(Interpreter interpreter, String name, Object input, CallArguments arguments) {
    Filter filter = FILTERS.get(name);
    if (filter == null) {
      throw JinjaException.template("No filter named " + Repr.quote(name) + " found.");
    }
    return filter.apply(interpreter, input, arguments);
  }

  static Filter bound(String name, Body body, String... parameters) {
    Signature signature = Signature.of(name, parameters);
    return (interpreter, input, arguments) ->
        body.apply(interpreter, input, signature.bind(arguments));
  }

  private static void filter(String name, Body body, String... parameters) {
    FILTERS.put(name, bound(name, body, parameters));
  }

  private static void alias(String alias, String name) {
    Filter filter = FILTERS.get(name);
    if (filter != null) {
      FILTERS.put(alias, filter);
    }
  }

  /** A filter from text to text. */
  private static void text(String name, java.util.function.UnaryOperator<String> function) {
    filter(
        name,
        (interpreter, input, a) -> {
          String text = string(interpreter, input);
          interpreter.budget().chars(text.length());
          return Operators.rewrap(input, function.apply(text));
        });
  }

  private static String string(Interpreter interpreter, Object value) {
    return Repr.str(value, interpreter.budget());
  }

  static {
    text("upper", s -> s.toUpperCase(Locale.ROOT));
    text("lower", s -> s.toLowerCase(Locale.ROOT));
    text("capitalize", Str::capitalize);
    text("title", Filters::title);
    filter("trim", Filters::trim, "chars?");
    filter("replace", Filters::replace, "old", "new", "count?");
    filter("indent", Filters::indent, "width?", "first?", "blank?");
    filter("truncate", Filters::truncate, "length?", "killwords?", "end?", "leeway?");
    filter(
        "center",
        (interpreter, input, a) ->
            StringMethods.pad(
                interpreter.budget(), string(interpreter, input), a.integer(0, 80), " ", 1, 1),
        "width?");
    filter(
        "wordcount", (interpreter, input, a) -> Numbers.of(wordCount(string(interpreter, input))));
    filter(
        "string",
        (interpreter, input, a) -> input instanceof Markup ? input : string(interpreter, input));
    filter("safe", (interpreter, input, a) -> new Markup(string(interpreter, input)));
    filter(
        "forceescape", (interpreter, input, a) -> escape(interpreter, string(interpreter, input)));
    filter(
        "escape",
        (interpreter, input, a) ->
            input instanceof Markup ? input : escape(interpreter, string(interpreter, input)));
    alias("e", "escape");
    FILTERS.put("format", Filters::format);
    filter("int", Filters::toInt, "default?", "base?");
    filter("float", Filters::toFloat, "default?");
    filter("abs", Filters::abs);
    filter("round", Filters::round, "precision?", "method?");
    filter("filesizeformat", Filters::fileSize, "binary?");
    filter("tojson", Filters::toJson, "ensure_ascii?", "indent?", "separators?", "sort_keys?");
    filter(
        "default",
        (interpreter, input, a) ->
            input instanceof Undefined || (a.truth(1, false) && !Values.truth(input))
                ? a.or(0, "")
                : input,
        "default_value?",
        "boolean?");
    alias("d", "default");
    filter("attr", Filters::attribute, "name");
    SequenceFilters.register(FILTERS);
  }

  private static Markup escape(Interpreter interpreter, String text) {
    interpreter.budget().chars(5L * text.length());
    return new Markup(Markup.escape(text));
  }

  /**
   * Capitalises what follows a space, hyphen or opening bracket, unlike the method of the same
   * name.
   */
  private static String title(String s) {
    StringBuilder out = new StringBuilder(s.length());
    boolean start = true;
    for (int i = 0; i < s.length(); ) {
      int c = s.codePointAt(i);
      i += Character.charCount(c);
      String one = Character.toString(c);
      out.append(start ? one.toUpperCase(Locale.ROOT) : one.toLowerCase(Locale.ROOT));
      start = Str.isSpace(c) || "-({[<".indexOf(c) >= 0;
    }
    return out.toString();
  }

  private static Object trim(Interpreter interpreter, Object input, Bound a) {
    String text = string(interpreter, input);
    interpreter.budget().chars(text.length());
    return Operators.rewrap(
        input, a.isNone(0) ? Str.strip(text) : Str.strip(text, a.string(0), true, true));
  }

  private static Object replace(Interpreter interpreter, Object input, Bound a) {
    int count = a.isNone(2) ? -1 : a.integer(2, -1);
    String old = string(interpreter, a.get(0));
    String replacement = string(interpreter, a.get(1));
    return Operators.rewrap(
        input,
        StringMethods.replace(
            interpreter.budget(), string(interpreter, input), old, replacement, count));
  }

  private static Object indent(Interpreter interpreter, Object input, Bound a) {
    requireText("indent", input);
    String indention = a.has(0) && Values.isString(a.get(0)) ? Values.text(a.get(0)) : null;
    if (indention == null) {
      int width = a.integer(0, 4);
      interpreter.budget().chars(Math.max(0, width));
      indention = " ".repeat(Math.max(0, width));
    }
    boolean blank = a.truth(2, false);
    List<String> lines =
        Str.splitLines(string(interpreter, input) + "\n", false, interpreter.budget());
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < lines.size(); i++) {
      boolean indented = i == 0 ? a.truth(1, false) : blank || !lines.get(i).isEmpty();
      interpreter.budget().chars((long) indention.length() + lines.get(i).length() + 1);
      out.append(i == 0 ? "" : "\n").append(indented ? indention : "").append(lines.get(i));
    }
    return Operators.rewrap(input, out.toString());
  }

  private static Object truncate(Interpreter interpreter, Object input, Bound a) {
    int length = a.integer(0, 255);
    if (!Values.isString(input) && Values.length(input) < 0) {
      requireText("truncate", input);
    }
    String end = a.string(2, TRUNCATED);
    int leeway = a.isNone(3) ? 5 : a.integer(3, 5);
    if (length < Str.length(end) || leeway < 0) {
      throw JinjaException.value(
          "truncate: expected length >= "
              + Str.length(end)
              + " and leeway >= 0, got "
              + length
              + " and "
              + leeway);
    }
    if (Values.length(input) <= (long) length + leeway) {
      return input;
    }
    requireText("truncate", input);
    String s = Values.text(input);
    String cut = s.substring(0, Str.offset(s, length - Str.length(end)));
    int space = cut.lastIndexOf(' ');
    return (a.truth(1, false) || space < 0 ? cut : cut.substring(0, space)) + end;
  }

  private static void requireText(String filter, Object input) {
    if (input instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (!Values.isString(input)) {
      throw JinjaException.type(filter + ": expected a string, got " + Values.typeName(input));
    }
  }

  private static int wordCount(String s) {
    int count = 0;
    boolean inWord = false;
    for (int i = 0; i < s.length(); ) {
      int c = s.codePointAt(i);
      i += Character.charCount(c);
      boolean word = c == '_' || Character.isLetterOrDigit(c);
      count += word && !inWord ? 1 : 0;
      inWord = word;
    }
    return count;
  }

  private static Object format(Interpreter interpreter, Object input, CallArguments arguments) {
    if (!arguments.positional().isEmpty() && !arguments.named().isEmpty()) {
      throw JinjaException.template(
          "can't handle positional and keyword arguments at the same time");
    }
    Object values =
        arguments.named().isEmpty()
            ? new PyTuple(arguments.positional())
            : PyDict.of(arguments.named());
    return new PercentFormat(interpreter.budget()).format(string(interpreter, input), values);
  }

  private static Object toInt(Interpreter interpreter, Object input, Bound a) {
    Object fallback = a.or(0, BigInteger.ZERO);
    if (input instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (Values.isString(input)) {
      BigInteger integer = Numbers.parseInt(Values.text(input), a.integer(1, 10));
      Double number = integer == null ? Numbers.parseFloat(Values.text(input)) : null;
      return integer != null
          ? integer
          : number == null || number.isNaN() || number.isInfinite()
              ? fallback
              : Numbers.truncate(number);
    }
    if (input instanceof Double d) {
      return d.isNaN() || d.isInfinite() ? fallback : Numbers.truncate(d);
    }
    return Numbers.isIntegral(input) ? Numbers.integer(input) : fallback;
  }

  private static Object toFloat(Interpreter interpreter, Object input, Bound a) {
    if (input instanceof Undefined undefined) {
      throw undefined.error();
    }
    Double value = Values.isString(input) ? Numbers.parseFloat(Values.text(input)) : null;
    if (value == null && Numbers.isNumber(input)) {
      value = Numbers.toDouble(input);
    }
    return value == null ? a.or(0, 0.0) : value;
  }

  private static Object abs(Interpreter interpreter, Object input, Bound a) {
    if (input instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (input instanceof Double d) {
      return Math.abs(d);
    }
    if (!Numbers.isIntegral(input)) {
      throw JinjaException.type("bad operand type for abs(): '" + Values.typeName(input) + "'");
    }
    return Numbers.integer(input).abs();
  }

  private static Object round(Interpreter interpreter, Object input, Bound a) {
    int precision = a.integer(0, 0);
    String method = a.string(1, "common");
    if (!method.equals("common") && !method.equals("ceil") && !method.equals("floor")) {
      throw JinjaException.template("method must be common, ceil or floor");
    }
    if (!Numbers.isNumber(input)) {
      throw JinjaException.type(
          "type " + Values.typeName(input) + " doesn't define __round__ method");
    }
    if (method.equals("common")) {
      if (input instanceof Double d) {
        return Numbers.round(d, precision);
      }
      BigInteger integer = Numbers.integer(input);
      if (precision >= 0) {
        return integer;
      }
      int scale = Math.max(precision, -Numbers.MAX_DIGITS);
      return new java.math.BigDecimal(integer)
          .setScale(scale, java.math.RoundingMode.HALF_EVEN)
          .toBigInteger();
    }
    double power = Math.pow(10, precision);
    double scaled = Numbers.toDouble(input) * power;
    return (method.equals("ceil") ? Math.ceil(scaled) : Math.floor(scaled)) / power;
  }

  private static Object fileSize(Interpreter interpreter, Object input, Bound a) {
    boolean binary = a.truth(0, false);
    if (input instanceof Undefined undefined) {
      throw undefined.error();
    }
    Double parsed = Values.isString(input) ? Numbers.parseFloat(Values.text(input)) : null;
    if (parsed == null && Values.isString(input)) {
      throw JinjaException.value(
          "could not convert string to float: " + Repr.quote(Values.text(input)));
    }
    if (parsed == null && !Numbers.isNumber(input)) {
      throw JinjaException.type("filesizeformat: expected a number, got " + Values.typeName(input));
    }
    double bytes = parsed != null ? parsed : Numbers.toDouble(input);
    int base = binary ? 1024 : 1000;
    if (bytes == 1) {
      return "1 Byte";
    }
    if (bytes < base) {
      return Numbers.truncate(bytes) + " Bytes";
    }
    String units = binary ? "KMGTPEZY" : "kMGTPEZY";
    double unit = base;
    for (int i = 0; ; i++) {
      unit *= base;
      if (bytes < unit || i == units.length() - 1) {
        double shown = base * bytes / unit;
        String number = NumberFormat.format(shown, 'f', 1, false);
        return number + " " + units.charAt(i) + (binary ? "iB" : "B");
      }
    }
  }

  private static Object toJson(Interpreter interpreter, Object input, Bound a) {
    String indent = null;
    if (!a.isNone(1)) {
      Object given = a.get(1);
      int width = Values.isString(given) ? 0 : Math.max(0, a.integer(1, 0));
      interpreter.budget().chars(width);
      indent = Values.isString(given) ? Values.text(given) : " ".repeat(width);
    }
    String itemSeparator = indent == null ? ", " : ",";
    String keySeparator = ": ";
    if (!a.isNone(2)) {
      List<Object> separators = Values.list(a.get(2), interpreter.budget());
      if (separators.size() != 2
          || !Values.isString(separators.get(0))
          || !Values.isString(separators.get(1))) {
        throw JinjaException.value("tojson: separators must be two strings");
      }
      itemSeparator = Values.text(separators.get(0));
      keySeparator = Values.text(separators.get(1));
    }
    Json.Style style =
        new Json.Style(a.truth(0, false), indent, itemSeparator, keySeparator, a.truth(3, false));
    return Json.dumps(input, style, interpreter.operators(), interpreter.budget());
  }

  private static Object attribute(Interpreter interpreter, Object input, Bound a) {
    String name = string(interpreter, a.get(0));
    if (input instanceof Undefined undefined) {
      throw undefined.error();
    }
    Object value = Attributes.get(input, name);
    return value == null ? interpreter.operators().missing(input, name) : value;
  }

  /** Named arguments without some names: the rest of what a filter passes on. */
  static CallArguments without(CallArguments arguments, int positional, String... names) {
    Map<String, Object> named = new LinkedHashMap<>(arguments.named());
    for (String name : names) {
      named.remove(name);
    }
    List<Object> all = arguments.positional();
    return new CallArguments(
        new ArrayList<>(all.subList(Math.min(positional, all.size()), all.size())), named);
  }
}
