package dev.temper.text.jinja;

/**
 * One token of a template.
 *
 * @param kind what it is
 * @param text the text of data, names, operators and (unescaped) strings; the digits of numbers
 * @param line its 1-based line
 */
record Token(Kind kind, String text, int line) {
  enum Kind {
    DATA,
    VARIABLE_BEGIN,
    VARIABLE_END,
    BLOCK_BEGIN,
    BLOCK_END,
    NAME,
    STRING,
    INTEGER,
    FLOAT,
    OPERATOR,
    EOF
  }

  boolean isName(String name) {
    return kind == Kind.NAME && text.equals(name);
  }

  boolean isOperator(String operator) {
    return kind == Kind.OPERATOR && text.equals(operator);
  }

  /** The token in Jinja's words, for error messages. */
  String describe() {
    return switch (kind) {
      case VARIABLE_BEGIN -> "begin of print statement";
      case VARIABLE_END -> "end of print statement";
      case BLOCK_BEGIN -> "begin of statement block";
      case BLOCK_END -> "end of statement block";
      case DATA -> "template data / text";
      case STRING -> "string";
      case INTEGER, FLOAT, NAME, OPERATOR -> text;
      case EOF -> "end of template";
    };
  }
}
