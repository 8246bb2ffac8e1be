package dev.temper.text.jinja;

/** A value that can be called. */
interface Callable extends HostObject {

  /** Calls it. */
  Object call(Interpreter interpreter, CallArguments arguments);
}
