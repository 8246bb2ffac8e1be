package dev.temper.text.jinja;

import java.util.List;

/**
 * A tuple.
 *
 * @param names the names of its items where it is a named tuple, else empty
 */
record PyTuple(List<Object> items, List<String> names) {

  PyTuple(List<Object> items) {
    this(items, List.of());
  }

  static PyTuple of(Object... items) {
    return new PyTuple(List.of(items));
  }
}
