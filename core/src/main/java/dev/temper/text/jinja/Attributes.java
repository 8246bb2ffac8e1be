package dev.temper.text.jinja;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The attributes of values: the methods of strings, dicts and lists that read, and the fence around
 * the rest.
 *
 * <p>What Python has but the sandbox forbids (names with leading underscores, methods that change a
 * list or dict) is an {@link Undefined} that prints nothing and is a security error when used.
 */
final class Attributes {
  private static final Set<String> INTERNAL =
      Set.of(
          "__class__",
          "__delattr__",
          "__dir__",
          "__doc__",
          "__eq__",
          "__format__",
          "__ge__",
          "__getattribute__",
          "__getstate__",
          "__gt__",
          "__hash__",
          "__init__",
          "__init_subclass__",
          "__le__",
          "__lt__",
          "__ne__",
          "__new__",
          "__reduce__",
          "__reduce_ex__",
          "__repr__",
          "__setattr__",
          "__sizeof__",
          "__str__",
          "__subclasshook__");
  private static final Set<String> CONTAINER =
      Set.of("__contains__", "__getitem__", "__iter__", "__len__");
  private static final Set<String> FUNCTION =
      Set.of(
          "__call__",
          "__globals__",
          "__code__",
          "__closure__",
          "__defaults__",
          "__dict__",
          "__kwdefaults__",
          "__module__",
          "__name__",
          "__self__");
  private static final Map<String, Set<String>> MUTATING =
      Map.of(
          "list", Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove"),
          "dict", Set.of("clear", "pop", "popitem", "setdefault", "update"));

  private Attributes() {}

  static boolean isUnsafeName(String name) {
    return INTERNAL.contains(name);
  }

  /**
   * The attribute, an unsafe {@link Undefined} for a forbidden one, or null when Python would not
   * have it.
   */
  static @Nullable Object get(Object object, String name) {
    if (name.startsWith("_")) {
      return isInternal(object, name) ? Undefined.unsafe(object, name) : null;
    }
    if (MUTATING.getOrDefault(Values.typeName(object), Set.of()).contains(name)) {
      return Undefined.unsafe(object, name);
    }
    if (object instanceof HostObject host) {
      return host.attribute(name);
    }
    if (Values.isString(object)) {
      return StringMethods.get(object, name);
    }
    if (object instanceof PyDict dict) {
      return ContainerMethods.ofDict(dict, name);
    }
    if (object instanceof PyTuple tuple && tuple.names().contains(name)) {
      return tuple.items().get(tuple.names().indexOf(name));
    }
    if (object instanceof PyList || object instanceof PyTuple) {
      return ContainerMethods.ofSequence(object, name);
    }
    if (object instanceof PyRange range) {
      return switch (name) {
        case "start" -> range.start();
        case "stop" -> range.stop();
        case "step" -> range.step();
        default -> null;
      };
    }
    return Numbers.isNumber(object) ? ofNumber(object, name) : null;
  }

  private static boolean isInternal(Object object, String name) {
    boolean container =
        Values.isString(object) || object instanceof PyDict || Values.sequence(object) != null;
    boolean function = object instanceof HostObject && !(object instanceof Namespace);
    return INTERNAL.contains(name)
        || (container && CONTAINER.contains(name))
        || (function && (FUNCTION.contains(name) || !name.startsWith("__")));
  }

  private static @Nullable Object ofNumber(Object number, String name) {
    boolean isFloat = number instanceof Double;
    return switch (name) {
      case "real", "numerator" ->
          isFloat && name.equals("numerator") ? null : isFloat ? number : Numbers.integer(number);
      case "imag" -> isFloat ? (Object) 0.0 : Numbers.of(0);
      case "denominator" -> isFloat ? null : Numbers.of(1);
      case "bit_length" ->
          isFloat
              ? null
              : Function.method(
                  Signature.of(name),
                  (interpreter, a) -> Numbers.of(Numbers.integer(number).abs().bitLength()));
      case "is_integer" ->
          Function.method(
              Signature.of(name),
              (interpreter, a) ->
                  !(number instanceof Double d) || (!d.isInfinite() && d.equals(Math.rint(d))));
      default -> null;
    };
  }
}
