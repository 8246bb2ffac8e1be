package dev.temper.text.jinja;

import java.util.List;
import java.util.Map;

/**
 * The evaluated arguments of a call.
 *
 * @param positional the arguments without a name
 * @param named the others, in the order they were given
 */
record CallArguments(List<Object> positional, Map<String, Object> named) {
  static final CallArguments NONE = new CallArguments(List.of(), Map.of());

  static CallArguments of(Object... positional) {
    return new CallArguments(List.of(positional), Map.of());
  }
}
