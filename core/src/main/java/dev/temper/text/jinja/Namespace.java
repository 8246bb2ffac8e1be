package dev.temper.text.jinja;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The only thing a template can change: attributes set with {@code {% set ns.name = value %}}. */
final class Namespace implements HostObject {
  private final Map<String, Object> attributes = new LinkedHashMap<>();

  void set(String name, Object value) {
    if (name.startsWith("_")) {
      throw JinjaException.security(
          "Chat templates cannot store underscore-prefixed attributes on a namespace, but got "
              + Repr.quote(name)
              + ". Please rename the attribute.");
    }
    attributes.put(name, value);
  }

  PyDict toDict() {
    return PyDict.of(attributes);
  }

  @Override
  public String typeName() {
    return "Namespace";
  }

  @Override
  public @Nullable Object attribute(String name) {
    return attributes.get(name);
  }
}
