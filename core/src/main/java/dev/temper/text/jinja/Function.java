package dev.temper.text.jinja;

/**
 * A built-in function or the method of a value.
 *
 * @param typeName what Python calls its type
 */
record Function(String typeName, Body body) implements Callable {

  /** The Java code of a function. */
  @FunctionalInterface
  interface Body {
    Object call(Interpreter interpreter, CallArguments arguments);
  }

  static Function function(Signature signature, Signature.Body body) {
    return new Function(
        "function", (interpreter, arguments) -> body.apply(interpreter, signature.bind(arguments)));
  }

  static Function method(Signature signature, Signature.Body body) {
    return new Function(
        "builtin_function_or_method",
        (interpreter, arguments) -> body.apply(interpreter, signature.bind(arguments)));
  }

  @Override
  public Object call(Interpreter interpreter, CallArguments arguments) {
    return body.call(interpreter, arguments);
  }
}
