package dev.temper.text.jinja;

import dev.temper.UserException;

/**
 * A template that cannot be parsed or rendered: what went wrong, of which kind, and in which line
 * of the template.
 */
public final class JinjaException extends UserException {
  private static final long serialVersionUID = 1L;

  /** The kind of an error, named after the Python exception that Jinja2 raises in its place. */
  public enum Kind {
    /** The template is not valid Jinja: found when it is parsed. */
    SYNTAX,
    /** An undefined value was used for more than printing or testing it. */
    UNDEFINED,
    /** An operation on values of the wrong types. */
    TYPE,
    /** A value of the right type that an operation cannot take. */
    VALUE,
    /** A key or index that does not exist, where Jinja does not answer with an undefined value. */
    LOOKUP,
    /** An attempt to leave the sandbox. */
    SECURITY,
    /** A number, range, text or amount of work above the limits. */
    OVERFLOW,
    /** Nesting or recursion above the limits. */
    RECURSION,
    /** Division by zero. */
    ARITHMETIC,
    /**
     * A mistake in the template that only shows when it runs, for example an unknown filter in a
     * branch.
     */
    TEMPLATE,
    /** The template itself refused its input with {@code raise_exception(message)}. */
    RAISE_EXCEPTION
  }

  private final Kind kind;
  private final int line;
  private final String detail;

  /**
   * Creates an error.
   *
   * @param kind what went wrong
   * @param line the 1-based line of the template, 0 when it is not known
   * @param detail what went wrong, in words, without the line
   */
  public JinjaException(Kind kind, int line, String detail) {
    super(line > 0 ? "Chat template, line " + line + ": " + detail : detail);
    this.kind = kind;
    this.line = line;
    this.detail = detail;
  }

  /** What kind of error this is. */
  public Kind kind() {
    return kind;
  }

  /** The 1-based line of the template, or 0 when it is not known. */
  public int line() {
    return line;
  }

  /**
   * The error in words, without the line: for {@link Kind#RAISE_EXCEPTION} exactly the template's
   * message.
   */
  public String detail() {
    return detail;
  }

  /** This error with a line, if it had none. */
  JinjaException at(int templateLine) {
    return line > 0 ? this : new JinjaException(kind, templateLine, detail);
  }

  static JinjaException type(String message) {
    return new JinjaException(Kind.TYPE, 0, message);
  }

  static JinjaException value(String message) {
    return new JinjaException(Kind.VALUE, 0, message);
  }

  static JinjaException overflow(String message) {
    return new JinjaException(Kind.OVERFLOW, 0, message);
  }

  static JinjaException template(String message) {
    return new JinjaException(Kind.TEMPLATE, 0, message);
  }

  static JinjaException security(String message) {
    return new JinjaException(Kind.SECURITY, 0, message);
  }

  static JinjaException recursion() {
    return new JinjaException(Kind.RECURSION, 0, "maximum recursion depth exceeded");
  }
}
