package dev.temper.text.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** An expression of a parsed template. */
sealed interface Expr {

  /** A literal number, string, boolean or none. */
  record Const(Object value) implements Expr {}

  /** The value of a variable. */
  record Name(String name) implements Expr {}

  /** {@code ns.attribute} as the target of an assignment. */
  record NamespaceTarget(String name, String attribute) implements Expr {}

  record ListLiteral(List<Expr> items) implements Expr {}

  record TupleLiteral(List<Expr> items) implements Expr {}

  record DictLiteral(List<Pair> items) implements Expr {}

  record Pair(Expr key, Expr value) {}

  record Attribute(Expr object, String name) implements Expr {}

  record Subscript(Expr object, Expr index) implements Expr {}

  record Slice(@Nullable Expr start, @Nullable Expr stop, @Nullable Expr step) implements Expr {}

  record Call(Expr function, Arguments arguments) implements Expr {}

  /** A filter; the input is null only in a filter block, where the block's text takes its place. */
  record Filter(@Nullable Expr input, String name, Arguments arguments) implements Expr {}

  record Test(Expr input, String name, Arguments arguments) implements Expr {}

  record Conditional(Expr test, Expr then, @Nullable Expr otherwise, int line) implements Expr {}

  record Or(Expr left, Expr right) implements Expr {}

  record And(Expr left, Expr right) implements Expr {}

  record Not(Expr operand) implements Expr {}

  record Negate(Expr operand) implements Expr {}

  record Plus(Expr operand) implements Expr {}

  /** A chain of comparisons: {@code a < b <= c}. */
  record Compare(Expr first, List<Comparison> rest) implements Expr {}

  record Comparison(CompareOp op, Expr operand) {}

  /** {@code a ~ b ~ c}. */
  record Concat(List<Expr> parts) implements Expr {}

  record Arithmetic(ArithmeticOp op, Expr left, Expr right) implements Expr {}

  /** The arguments of a call, filter or test. */
  record Arguments(
      List<Expr> positional,
      List<Keyword> keywords,
      @Nullable Expr star,
      @Nullable Expr doubleStar) {
    static final Arguments NONE = new Arguments(List.of(), List.of(), null, null);

    boolean isEmpty() {
      return positional.isEmpty() && keywords.isEmpty() && star == null && doubleStar == null;
    }
  }

  record Keyword(String name, Expr value) {}

  enum CompareOp {
    EQ("=="),
    NE("!="),
    LT("<"),
    LE("<="),
    GT(">"),
    GE(">="),
    IN("in"),
    NOT_IN("not in");

    final String symbol;

    CompareOp(String symbol) {
      this.symbol = symbol;
    }
  }

  enum ArithmeticOp {
    ADD("+"),
    SUBTRACT("-"),
    MULTIPLY("*"),
    DIVIDE("/"),
    FLOOR_DIVIDE("//"),
    MODULO("%"),
    POWER("**");

    final String symbol;

    ArithmeticOp(String symbol) {
      this.symbol = symbol;
    }
  }
}
