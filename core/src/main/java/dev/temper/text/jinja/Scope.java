package dev.temper.text.jinja;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Variables that can be seen at one place of a template: its own, then those around it. */
final class Scope {
  private final @Nullable Scope parent;
  private final Map<String, Object> variables;

  private Scope(@Nullable Scope parent, Map<String, Object> variables) {
    this.parent = parent;
    this.variables = variables;
  }

  /** The outermost scope, which holds what the caller and the engine provide. */
  static Scope of(Map<String, Object> variables) {
    return new Scope(null, variables);
  }

  Scope child() {
    return new Scope(this, new HashMap<>());
  }

  @Nullable Object get(String name) {
    for (Scope scope = this; scope != null; scope = scope.parent) {
      Object value = scope.variables.get(name);
      if (value != null) {
        return value;
      }
    }
    return null;
  }

  void set(String name, Object value) {
    variables.put(name, value);
  }
}
