package dev.temper.text.jinja;

import dev.temper.text.jinja.Expr.ArithmeticOp;
import dev.temper.text.jinja.Expr.CompareOp;
import dev.temper.text.jinja.Signature.Bound;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The filters on sequences. Those that Python writes as generators are lazy here too. */
final class SequenceFilters {
  private SequenceFilters() {}

  static void register(Map<String, Filters.Filter> filters) {
    put(filters, "length", (in, v, a) -> length(v));
    put(filters, "count", (in, v, a) -> length(v));
    put(filters, "first", SequenceFilters::first);
    put(filters, "last", SequenceFilters::last);
    put(filters, "list", (in, v, a) -> new PyList(Values.list(v, in.budget())));
    put(filters, "join", SequenceFilters::join, "d?", "attribute?");
    put(filters, "reverse", SequenceFilters::reverse);
    put(filters, "sort", SequenceFilters::sort, "reverse?", "case_sensitive?", "attribute?");
    put(filters, "dictsort", SequenceFilters::dictSort, "case_sensitive?", "by?", "reverse?");
    put(filters, "unique", SequenceFilters::unique, "case_sensitive?", "attribute?");
    put(filters, "min", (in, v, a) -> extreme(in, v, a, true), "case_sensitive?", "attribute?");
    put(filters, "max", (in, v, a) -> extreme(in, v, a, false), "case_sensitive?", "attribute?");
    put(filters, "sum", SequenceFilters::sum, "attribute?", "start?");
    put(filters, "items", SequenceFilters::items);
    put(filters, "groupby", SequenceFilters::groupBy, "attribute", "default?", "case_sensitive?");
    put(filters, "batch", SequenceFilters::batch, "linecount", "fill_with?");
    put(filters, "slice", SequenceFilters::slices, "slices", "fill_with?");
    filters.put("map", SequenceFilters::map);
    filters.put("select", (in, v, a) -> select(in, v, a, true, false));
    filters.put("reject", (in, v, a) -> select(in, v, a, false, false));
    filters.put("selectattr", (in, v, a) -> select(in, v, a, true, true));
    filters.put("rejectattr", (in, v, a) -> select(in, v, a, false, true));
  }

  private static void put(
      Map<String, Filters.Filter> filters, String name, Filters.Body body, String... parameters) {
    filters.put(name, Filters.bound(name, body, parameters));
  }

  private static Object length(Object value) {
    int length = Values.length(value);
    if (length < 0) {
      throw JinjaException.type("object of type '" + Values.typeName(value) + "' has no len()");
    }
    return Numbers.of(length);
  }

  private static Object first(Interpreter interpreter, Object value, Bound a) {
    Iterator<Object> items = Values.iterate(value);
    return items.hasNext() ? items.next() : Undefined.of("No first item, sequence was empty.");
  }

  private static Object last(Interpreter interpreter, Object value, Bound a) {
    if (value instanceof Lazy) {
      throw JinjaException.type("'generator' object is not reversible");
    }
    List<Object> items = Values.list(value, interpreter.budget());
    return items.isEmpty()
        ? Undefined.of("No last item, sequence was empty.")
        : items.get(items.size() - 1);
  }

  private static Object join(Interpreter interpreter, Object value, Bound a) {
    Budget budget = interpreter.budget();
    String separator = Repr.str(a.or(0, ""), budget);
    UnaryOperator<Object> getter =
        a.isNone(1) ? UnaryOperator.identity() : attribute(interpreter, a.get(1), null);
    StringBuilder out = new StringBuilder();
    boolean first = true;
    for (Iterator<Object> items = Values.iterate(value); items.hasNext(); ) {
      String item = Repr.str(getter.apply(items.next()), budget);
      budget.steps(1);
      budget.chars((long) item.length() + separator.length());
      out.append(first ? "" : separator).append(item);
      first = false;
    }
    return out.toString();
  }

  private static Object reverse(Interpreter interpreter, Object value, Bound a) {
    if (Values.isString(value)) {
      String text = Values.text(value);
      interpreter.budget().chars(text.length());
      return Operators.rewrap(value, new StringBuilder(text).reverse().toString());
    }
    if (!Values.isIterable(value)) {
      throw JinjaException.template("argument must be iterable");
    }
    List<Object> items = Values.list(value, interpreter.budget());
    Collections.reverse(items);
    return new Lazy(items.iterator());
  }

  // --- order ---

  /** Strings in lower case, unless case matters; anything else as it is. */
  private static Object sortKey(Object value, boolean caseSensitive) {
    return !caseSensitive && Values.isString(value)
        ? Values.text(value).toLowerCase(Locale.ROOT)
        : value;
  }

  private record Keyed(Object key, Object item) {}

  private static List<Keyed> keyed(
      Interpreter interpreter, Object value, UnaryOperator<Object> getter, boolean caseSensitive) {
    List<Keyed> result = new ArrayList<>();
    for (Object item : Values.list(value, interpreter.budget())) {
      result.add(new Keyed(sortKey(getter.apply(item), caseSensitive), item));
    }
    return result;
  }

  private static Comparator<Keyed> byKey(Interpreter interpreter) {
    return (x, y) -> interpreter.operators().order(CompareOp.LT, x.key(), y.key());
  }

  private static Object sort(Interpreter interpreter, Object value, Bound a) {
    boolean caseSensitive = a.truth(1, false);
    UnaryOperator<Object> getter = UnaryOperator.identity();
    if (!a.isNone(2)) {
      List<UnaryOperator<Object>> getters = new ArrayList<>();
      if (Values.isString(a.get(2))) {
        for (String part : Values.text(a.get(2)).split(",", -1)) {
          getters.add(attribute(interpreter, part, null));
        }
      } else {
        getters.add(attribute(interpreter, a.get(2), null));
      }
      getter =
          item -> {
            List<Object> keys = new ArrayList<>();
            getters.forEach(g -> keys.add(sortKey(g.apply(item), caseSensitive)));
            return new PyList(keys);
          };
    }
    return new PyList(
        sorted(interpreter, keyed(interpreter, value, getter, caseSensitive), a.truth(0, false)));
  }

  private static List<Object> sorted(Interpreter interpreter, List<Keyed> items, boolean reverse) {
    Comparator<Keyed> order = byKey(interpreter);
    interpreter.operators().sort(items, reverse ? order.reversed() : order);
    List<Object> result = new ArrayList<>(items.size());
    items.forEach(item -> result.add(item.item()));
    return result;
  }

  private static Object dictSort(Interpreter interpreter, Object value, Bound a) {
    String by = a.string(1, "key");
    if (!by.equals("key") && !by.equals("value")) {
      throw JinjaException.template("You can only sort by either \"key\" or \"value\"");
    }
    if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (!(value instanceof PyDict dict)) {
      throw JinjaException.type("dictsort needs a dict, got " + Values.typeName(value));
    }
    int position = by.equals("key") ? 0 : 1;
    UnaryOperator<Object> getter = item -> ((PyTuple) item).items().get(position);
    List<Keyed> items = keyed(interpreter, new PyList(dict.items()), getter, a.truth(0, false));
    return new PyList(sorted(interpreter, items, a.truth(2, false)));
  }

  private static Object unique(Interpreter interpreter, Object value, Bound a) {
    UnaryOperator<Object> getter =
        a.isNone(1) ? UnaryOperator.identity() : attribute(interpreter, a.get(1), null);
    boolean caseSensitive = a.truth(0, false);
    java.util.Set<Object> seen = new java.util.HashSet<>();
    return lazy(
        Values.iterate(value),
        item -> seen.add(Values.hashKey(sortKey(getter.apply(item), caseSensitive))),
        interpreter);
  }

  private static Object extreme(Interpreter interpreter, Object value, Bound a, boolean smallest) {
    UnaryOperator<Object> getter =
        a.isNone(1) ? UnaryOperator.identity() : attribute(interpreter, a.get(1), null);
    Keyed best = null;
    Comparator<Keyed> order = byKey(interpreter);
    for (Keyed item : keyed(interpreter, value, getter, a.truth(0, false))) {
      if (best == null
          || (smallest ? order.compare(item, best) < 0 : order.compare(item, best) > 0)) {
        best = item;
      }
    }
    return best == null ? Undefined.of("No aggregated item, sequence was empty.") : best.item();
  }

  private static Object sum(Interpreter interpreter, Object value, Bound a) {
    UnaryOperator<Object> getter =
        a.isNone(0) ? UnaryOperator.identity() : attribute(interpreter, a.get(0), null);
    Object total = a.or(1, Numbers.of(0));
    if (Values.isString(total)) {
      throw JinjaException.type("sum() can't sum strings [use ''.join(seq) instead]");
    }
    for (Iterator<Object> items = Values.iterate(value); items.hasNext(); ) {
      interpreter.budget().steps(1);
      total =
          interpreter.operators().arithmetic(ArithmeticOp.ADD, total, getter.apply(items.next()));
    }
    return total;
  }

  private static Object items(Interpreter interpreter, Object value, Bound a) {
    if (value instanceof Undefined) {
      return new Lazy(Collections.emptyIterator());
    }
    if (!(value instanceof PyDict dict)) {
      throw JinjaException.type("Can only get item pairs from a mapping.");
    }
    interpreter.budget().items(dict.size());
    return new Lazy(dict.items().iterator());
  }

  private static Object groupBy(Interpreter interpreter, Object value, Bound a) {
    boolean caseSensitive = a.truth(2, false);
    UnaryOperator<Object> getter = attribute(interpreter, a.get(0), a.isNone(1) ? null : a.get(1));
    List<Object> ordered =
        sorted(interpreter, keyed(interpreter, value, getter, caseSensitive), false);
    List<Object> groups = new ArrayList<>();
    List<Object> members = new ArrayList<>();
    Object current = null;
    for (Object item : ordered) {
      Object key = sortKey(getter.apply(item), caseSensitive);
      if (current == null || !interpreter.operators().equal(current, key)) {
        members = new ArrayList<>();
        groups.add(
            new PyTuple(
                List.of(getter.apply(item), new PyList(members)), List.of("grouper", "list")));
        current = key;
      }
      members.add(item);
    }
    return new PyList(groups);
  }

  private static Object batch(Interpreter interpreter, Object value, Bound a) {
    int size = a.integer(0, 1);
    List<Object> items = Values.list(value, interpreter.budget());
    List<Object> rows = new ArrayList<>();
    List<Object> row = new ArrayList<>();
    for (Object item : items) {
      if (row.size() == size) {
        rows.add(new PyList(row));
        row = new ArrayList<>();
      }
      row.add(item);
    }
    if (!row.isEmpty()) {
      if (!a.isNone(1)) {
        interpreter.budget().items(Math.max(0, size));
        while (row.size() < size) {
          row.add(a.get(1));
        }
      }
      rows.add(new PyList(row));
    }
    return new Lazy(rows.iterator());
  }

  private static Object slices(Interpreter interpreter, Object value, Bound a) {
    int count = a.integer(0, 1);
    if (count == 0) {
      throw new JinjaException(
          JinjaException.Kind.ARITHMETIC, 0, "integer division or modulo by zero");
    }
    List<Object> items = Values.list(value, interpreter.budget());
    interpreter.budget().items(Math.max(0, count));
    int perSlice = Math.floorDiv(items.size(), count);
    int extra = Math.floorMod(items.size(), count);
    List<Object> slices = new ArrayList<>();
    int offset = 0;
    for (int i = 0; i < count; i++) {
      int start = offset + i * perSlice;
      if (i < extra) {
        offset++;
      }
      int end = offset + (i + 1) * perSlice;
      List<Object> slice = new ArrayList<>(items.subList(start, end));
      if (!a.isNone(1) && i >= extra) {
        slice.add(a.get(1));
      }
      slices.add(new PyList(slice));
    }
    return new Lazy(slices.iterator());
  }

  // --- map and select ---

  /**
   * Reads an attribute path such as {@code a.b.0}; an undefined step is replaced by {@code
   * fallback} when there is one.
   */
  private static UnaryOperator<Object> attribute(
      Interpreter interpreter, Object path, @Nullable Object fallback) {
    List<Object> steps = new ArrayList<>();
    if (Values.isString(path)) {
      for (String part : Values.text(path).split("\\.", -1)) {
        boolean number =
            !part.isEmpty()
                && part.length() < 10
                && part.chars().allMatch(c -> c >= '0' && c <= '9');
        steps.add(number ? Numbers.of(Long.parseLong(part)) : part);
      }
    } else {
      steps.add(path);
    }
    return start -> {
      Object item = start;
      interpreter.budget().steps(steps.size());
      for (Object step : steps) {
        item = interpreter.operators().item(item, step);
        if (fallback != null && item instanceof Undefined) {
          item = fallback;
        }
      }
      return item;
    };
  }

  private static Object map(Interpreter interpreter, Object value, CallArguments arguments) {
    UnaryOperator<Object> function;
    Object attribute = arguments.named().get("attribute");
    if (arguments.positional().isEmpty() && attribute != null) {
      for (String name : arguments.named().keySet()) {
        if (!name.equals("attribute") && !name.equals("default")) {
          throw JinjaException.template("Unexpected keyword argument " + Repr.quote(name));
        }
      }
      Object fallback = arguments.named().get("default");
      function = attribute(interpreter, attribute, fallback == None.NONE ? null : fallback);
    } else {
      if (arguments.positional().isEmpty()) {
        throw JinjaException.template("map requires a filter argument");
      }
      String name = name(arguments.positional().get(0));
      CallArguments rest = Filters.without(arguments, 1);
      function = item -> Filters.apply(interpreter, name, item, rest);
    }
    if (!Values.truth(value)) {
      return new Lazy(Collections.emptyIterator());
    }
    Iterator<Object> items = Values.iterate(value);
    return new Lazy(
        new Iterator<>() {
          @Override
          public boolean hasNext() {
            return items.hasNext();
          }

          @Override
          public Object next() {
            return nested(interpreter, () -> function.apply(items.next()));
          }
        });
  }

  private static Object select(
      Interpreter interpreter,
      Object value,
      CallArguments arguments,
      boolean keep,
      boolean byAttribute) {
    UnaryOperator<Object> getter = UnaryOperator.identity();
    int used = 0;
    if (byAttribute) {
      if (arguments.positional().isEmpty()) {
        throw JinjaException.template("Missing parameter for attribute name");
      }
      getter = attribute(interpreter, arguments.positional().get(0), null);
      used = 1;
    }
    Predicate<Object> test = Values::truth;
    if (arguments.positional().size() > used) {
      String name = name(arguments.positional().get(used));
      CallArguments rest = Filters.without(arguments, used + 1);
      test = item -> Tests.apply(interpreter, name, item, rest);
    }
    if (!Values.truth(value)) {
      return new Lazy(Collections.emptyIterator());
    }
    UnaryOperator<Object> read = getter;
    Predicate<Object> wanted = test;
    return lazy(Values.iterate(value), item -> wanted.test(read.apply(item)) == keep, interpreter);
  }

  private static String name(Object value) {
    if (!Values.isString(value)) {
      throw JinjaException.template(
          "a filter or test is named by a string, not by a " + Values.typeName(value));
    }
    return Values.text(value);
  }

  /** Runs one step of a lazy value one level deeper: lazy values can be stacked without bound. */
  private static <T> T nested(Interpreter interpreter, java.util.function.Supplier<T> step) {
    interpreter.budget().enter();
    try {
      return step.get();
    } finally {
      interpreter.budget().leave();
    }
  }

  private static Lazy lazy(
      Iterator<Object> items, Predicate<Object> wanted, Interpreter interpreter) {
    return new Lazy(
        new Iterator<>() {
          private @Nullable Object ahead;

          @Override
          public boolean hasNext() {
            while (ahead == null && nested(interpreter, items::hasNext)) {
              Object item = nested(interpreter, items::next);
              if (wanted.test(item)) {
                ahead = item;
              }
            }
            return ahead != null;
          }

          @Override
          public Object next() {
            if (!hasNext() || ahead == null) {
              throw new NoSuchElementException();
            }
            Object item = ahead;
            ahead = null;
            return item;
          }
        });
  }
}
