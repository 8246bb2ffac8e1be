package dev.temper.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The values of a template: {@link None}, {@link Boolean}, {@link BigInteger}, {@link Double},
 * {@link String}, {@link Markup}, {@link PyList}, {@link PyTuple}, {@link PyDict}, {@link
 * DictView}, {@link PyRange}, {@link Lazy}, {@link Undefined} and {@link HostObject}. There is no
 * other: Java objects never reach a template.
 */
final class Values {
  private Values() {}

  static String typeName(Object value) {
    if (value instanceof HostObject host) {
      return host.typeName();
    }
    if (value instanceof DictView view) {
      return view.typeName();
    }
    if (value instanceof String) {
      return "str";
    }
    if (value instanceof BigInteger) {
      return "int";
    }
    if (value instanceof Double) {
      return "float";
    }
    if (value instanceof Boolean) {
      return "bool";
    }
    if (value instanceof None) {
      return "NoneType";
    }
    if (value instanceof Lazy) {
      return "generator";
    }
    return value instanceof Undefined || value instanceof Markup
        ? value.getClass().getSimpleName()
        : value.getClass().getSimpleName().replace("Py", "").toLowerCase(java.util.Locale.ROOT);
  }

  static boolean isString(Object value) {
    return value instanceof String || value instanceof Markup;
  }

  /** The characters of a string. */
  static String text(Object string) {
    return string instanceof Markup markup ? markup.text() : (String) string;
  }

  static boolean truth(Object value) {
    if (value instanceof Boolean b) {
      return b;
    }
    if (value instanceof BigInteger i) {
      return i.signum() != 0;
    }
    if (value instanceof Double d) {
      return d != 0;
    }
    if (value instanceof None || value instanceof Undefined) {
      return false;
    }
    if (isString(value)) {
      return !text(value).isEmpty();
    }
    if (value instanceof PyDict dict) {
      return dict.size() > 0;
    }
    List<Object> sequence = sequence(value);
    return sequence == null || !sequence.isEmpty();
  }

  /** The items of a list, tuple, range or dict view; null for anything else. */
  static @Nullable List<Object> sequence(Object value) {
    if (value instanceof PyList list) {
      return list.items();
    }
    if (value instanceof PyTuple tuple) {
      return tuple.items();
    }
    if (value instanceof PyRange range) {
      return range.items();
    }
    return value instanceof DictView view ? view.items() : null;
  }

  /** The length, or -1 for values without one. */
  static int length(Object value) {
    if (isString(value)) {
      return Str.length(text(value));
    }
    if (value instanceof PyDict dict) {
      return dict.size();
    }
    if (value instanceof Undefined) {
      return 0;
    }
    if (value instanceof LoopContext loop) {
      return loop.length();
    }
    List<Object> sequence = sequence(value);
    return sequence == null ? -1 : sequence.size();
  }

  static boolean isIterable(Object value) {
    return length(value) >= 0 || value instanceof Lazy || value instanceof LoopContext;
  }

  /** The items of any iterable value, in order. */
  static Iterator<Object> iterate(Object value) {
    if (value instanceof Lazy lazy) {
      return lazy.iterator();
    }
    if (value instanceof PyDict dict) {
      return dict.keys().iterator();
    }
    if (isString(value)) {
      return Str.characters(text(value));
    }
    if (value instanceof Undefined undefined) {
      if (undefined.kind() == JinjaException.Kind.SECURITY) {
        throw undefined.error();
      }
      return List.of().iterator();
    }
    List<Object> sequence = sequence(value);
    if (sequence == null) {
      throw JinjaException.type("'" + typeName(value) + "' object is not iterable");
    }
    return sequence.iterator();
  }

  /** All items of an iterable value, counted against the budget. */
  static List<Object> list(Object value, Budget budget) {
    int known = length(value);
    budget.items(Math.max(known, 0));
    List<Object> result = new ArrayList<>();
    for (Iterator<Object> it = iterate(value); it.hasNext(); ) {
      if (known < 0) {
        budget.items(1);
      }
      result.add(it.next());
    }
    return result;
  }

  private record TupleKey(List<Object> items) {}

  /** What stands for a dict key: equal for keys that Python finds equal. */
  static Object hashKey(Object key) {
    if (key instanceof Boolean || key instanceof BigInteger) {
      return Numbers.integer(key);
    }
    if (key instanceof Double d) {
      return d == Math.rint(d) && !Double.isInfinite(d) ? new BigDecimal(d).toBigInteger() : d;
    }
    if (key instanceof Markup markup) {
      return markup.text();
    }
    if (key instanceof PyTuple tuple) {
      List<Object> items = new ArrayList<>();
      tuple.items().forEach(item -> items.add(hashKey(item)));
      return new TupleKey(items);
    }
    if (key instanceof PyList || key instanceof PyDict || key instanceof DictView) {
      throw JinjaException.type("unhashable type: '" + typeName(key) + "'");
    }
    return key instanceof Undefined ? Undefined.class : key;
  }
}
