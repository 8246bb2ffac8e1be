package dev.temper.text.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The methods of dicts, lists and tuples that only read. */
final class ContainerMethods {
  private ContainerMethods() {}

  static @Nullable Object ofDict(PyDict dict, String name) {
    return switch (name) {
      case "get" ->
          Function.method(
              Signature.of(name, "key", "default?"),
              (interpreter, a) -> {
                Object value = dict.get(a.get(0));
                return value == null ? a.or(1, None.NONE) : value;
              });
      case "items" -> view(name, dict.size(), dict::items);
      case "keys" -> view(name, dict.size(), dict::keys);
      case "values" -> view(name, dict.size(), dict::values);
      case "copy" ->
          Function.method(
              Signature.of(name),
              (interpreter, a) -> {
                interpreter.budget().items(dict.size());
                return new PyDict().putAll(dict);
              });
      default -> null;
    };
  }

  private static Function view(
      String name, int size, java.util.function.Supplier<List<Object>> items) {
    return Function.method(
        Signature.of(name),
        (interpreter, a) -> {
          interpreter.budget().items(size);
          return new DictView("dict_" + name, items.get());
        });
  }

  static @Nullable Object ofSequence(Object sequence, String name) {
    List<Object> items =
        sequence instanceof PyList list ? list.items() : ((PyTuple) sequence).items();
    return switch (name) {
      case "count" ->
          Function.method(
              Signature.of(name, "value"),
              (interpreter, a) ->
                  Numbers.of(
                      items.stream()
                          .filter(item -> interpreter.operators().equal(item, a.get(0)))
                          .count()));
      case "index" ->
          Function.method(
              Signature.of(name, "value", "start?", "stop?"),
              (interpreter, a) -> {
                int from = clamp(a.integer(1, 0), items.size());
                int to = clamp(a.integer(2, items.size()), items.size());
                for (int i = from; i < to; i++) {
                  if (interpreter.operators().equal(items.get(i), a.get(0))) {
                    return Numbers.of(i);
                  }
                }
                throw JinjaException.value("the value is not in the " + Values.typeName(sequence));
              });
      case "copy" ->
          sequence instanceof PyList
              ? Function.method(Signature.of(name), (interpreter, a) -> new PyList(items))
              : null;
      default -> null;
    };
  }

  private static int clamp(int index, int size) {
    return Math.max(0, Math.min(size, index < 0 ? index + size : index));
  }
}
