package dev.temper.text.jinja;

import org.jspecify.annotations.Nullable;

/**
 * An object of the engine itself that a template can hold: a namespace, a macro, a function, a
 * loop.
 */
interface HostObject {

  /** The Python name of its type, for error messages. */
  String typeName();

  /** The value of a public attribute, or null when there is none of that name. */
  default @Nullable Object attribute(String name) {
    return null;
  }

  /**
   * What printing it shows. Objects that Python shows with a memory address are an error instead.
   */
  default String repr() {
    throw JinjaException.type("a " + typeName() + " cannot be printed");
  }
}
