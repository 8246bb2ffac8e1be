package dev.temper.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a built-in function.
 *
 * @param function its name, for error messages
 * @param names the parameters in order
 * @param required how many of the first ones must be given
 */
record Signature(String function, List<String> names, int required) {

  /** The Java code of a function with bound arguments. */
  @FunctionalInterface
  interface Body {
    Object apply(Interpreter interpreter, Bound arguments);
  }

  /** A signature from parameter names; a name that ends in {@code ?} is optional. */
  static Signature of(String function, String... parameters) {
    List<String> names = new ArrayList<>();
    int required = 0;
    for (String parameter : parameters) {
      boolean optional = parameter.endsWith("?");
      names.add(optional ? parameter.substring(0, parameter.length() - 1) : parameter);
      required += optional ? 0 : 1;
    }
    return new Signature(function, List.copyOf(names), required);
  }

  Bound bind(CallArguments arguments) {
    List<Object> positional = arguments.positional();
    if (positional.size() > names.size()) {
      throw JinjaException.type(
          function
              + "() takes at most "
              + names.size()
              + " argument(s) but "
              + positional.size()
              + " were given");
    }
    @Nullable Object[] values = new Object[names.size()];
    for (int i = 0; i < positional.size(); i++) {
      values[i] = positional.get(i);
    }
    for (Map.Entry<String, Object> named : arguments.named().entrySet()) {
      int index = names.indexOf(named.getKey());
      if (index < 0) {
        throw JinjaException.type(
            function + "() got an unexpected keyword argument '" + named.getKey() + "'");
      }
      if (values[index] != null) {
        throw JinjaException.type(
            function + "() got multiple values for argument '" + named.getKey() + "'");
      }
      values[index] = named.getValue();
    }
    for (int i = 0; i < required; i++) {
      if (values[i] == null) {
        throw JinjaException.type(
            function + "() missing required argument: '" + names.get(i) + "'");
      }
    }
    return new Bound(function, values);
  }

  /** Arguments in the order of the parameters; those not given are absent. */
  static final class Bound {
    private final String function;
    private final @Nullable Object[] values;

    private Bound(String function, @Nullable Object[] values) {
      this.function = function;
      this.values = values;
    }

    boolean has(int index) {
      return values[index] != null;
    }

    /** The argument at {@code index}, which must be a required one. */
    Object get(int index) {
      return or(index, None.NONE);
    }

    Object or(int index, Object fallback) {
      Object value = values[index];
      return value == null ? fallback : value;
    }

    boolean truth(int index, boolean fallback) {
      Object value = values[index];
      return value == null ? fallback : Values.truth(value);
    }

    String string(int index, String fallback) {
      Object value = values[index];
      if (value == null) {
        return fallback;
      }
      if (!Values.isString(value)) {
        throw JinjaException.type(
            function
                + "() argument "
                + (index + 1)
                + " must be str, not "
                + Values.typeName(value));
      }
      return Values.text(value);
    }

    String string(int index) {
      return string(index, "");
    }

    /** An integer, clamped to the range of int. */
    int integer(int index, int fallback) {
      Object value = values[index];
      return value == null ? fallback : Numbers.clampToInt(Numbers.index(value));
    }

    boolean isNone(int index) {
      return values[index] == null || values[index] == None.NONE;
    }
  }
}
