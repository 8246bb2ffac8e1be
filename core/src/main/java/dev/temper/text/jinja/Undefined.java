package dev.temper.text.jinja;

/**
 * A value that is not there. It prints nothing, iterates over nothing and is false; any other use
 * is the error it carries.
 *
 * @param kind the error's kind: undefined, or security for an attribute outside the sandbox
 * @param message the error's message
 */
record Undefined(JinjaException.Kind kind, String message) {

  static Undefined of(String message) {
    return new Undefined(JinjaException.Kind.UNDEFINED, message);
  }

  static Undefined variable(String name) {
    return of("'" + name + "' is undefined");
  }

  static Undefined unsafe(Object object, String attribute) {
    return new Undefined(
        JinjaException.Kind.SECURITY,
        "access to attribute "
            + Repr.quote(attribute)
            + " of '"
            + Values.typeName(object)
            + "' object is unsafe.");
  }

  /** The error of using this value. */
  JinjaException error() {
    return new JinjaException(kind, 0, message);
  }
}
