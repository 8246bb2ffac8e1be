package dev.temper.text.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A statement of a parsed template. */
sealed interface Stmt {

  /** The 1-based line the statement starts in. */
  int line();

  record Text(String text, int line) implements Stmt {}

  record Print(Expr value, int line) implements Stmt {}

  record For(
      Expr target,
      Expr iterable,
      @Nullable Expr filter,
      boolean recursive,
      List<Stmt> body,
      List<Stmt> otherwise,
      int line)
      implements Stmt {}

  record If(List<Branch> branches, List<Stmt> otherwise, int line) implements Stmt {}

  record Branch(Expr test, List<Stmt> body) {}

  record Set(Expr target, Expr value, int line) implements Stmt {}

  record SetBlock(Expr target, Expr.@Nullable Filter filter, List<Stmt> body, int line)
      implements Stmt {}

  record With(List<Expr> targets, List<Expr> values, List<Stmt> body, int line) implements Stmt {}

  record DefineMacro(MacroBody macro, int line) implements Stmt {}

  record CallBlock(Expr.Call call, MacroBody caller, int line) implements Stmt {}

  record FilterBlock(Expr.Filter filter, List<Stmt> body, int line) implements Stmt {}

  record Generation(List<Stmt> body, int line) implements Stmt {}

  record Block(String name, boolean scoped, List<Stmt> body, int line) implements Stmt {}

  record LoopControl(Signal signal, int line) implements Stmt {}

  /**
   * {@code include}, {@code import}, {@code from} and {@code extends}: valid to parse, an error to
   * run, as there is no loader.
   */
  record LoadTemplate(Expr template, int line) implements Stmt {}

  /** How a list of statements ended. */
  enum Signal {
    NORMAL,
    BREAK,
    CONTINUE
  }

  /**
   * The parameters and body of a macro or of a call block's caller.
   *
   * @param defaults belong to the last parameters
   * @param usesCaller whether the body reads {@code caller}; likewise for {@code varargs} and
   *     {@code kwargs}
   */
  record MacroBody(
      String name,
      List<String> parameters,
      List<Expr> defaults,
      List<Stmt> body,
      boolean usesCaller,
      boolean usesVarargs,
      boolean usesKwargs) {}
}
