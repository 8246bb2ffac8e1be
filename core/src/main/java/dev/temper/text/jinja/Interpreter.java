package dev.temper.text.jinja;

import dev.temper.text.jinja.Stmt.Signal;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** Runs the syntax tree of a template once. */
final class Interpreter {
  private final Budget budget;
  private final Operators operators;
  private final Clock clock;
  private final Scope root;
  private int line;

  Interpreter(Map<String, Object> variables, Clock clock, Budget budget) {
    this.budget = budget;
    this.clock = clock;
    this.operators = new Operators(budget);
    Map<String, Object> all = new HashMap<>(Globals.ALL);
    all.putAll(variables);
    this.root = Scope.of(all).child();
  }

  Budget budget() {
    return budget;
  }

  Operators operators() {
    return operators;
  }

  Clock clock() {
    return clock;
  }

  /** The line of the statement that runs. */
  int line() {
    return line;
  }

  Output run(List<Stmt> template) {
    Output output = Output.document(budget);
    execute(template, root, output);
    return output;
  }

  /** The text of statements that are not written to the document directly. */
  String render(List<Stmt> body, Scope scope) {
    Output buffer = Output.buffer(budget);
    execute(body, scope, buffer);
    return buffer.text();
  }

  // --- statements ---

  private Signal execute(List<Stmt> statements, Scope scope, Output out) {
    for (Stmt statement : statements) {
      Signal signal;
      int outer = line;
      budget.enter();
      try {
        line = statement.line();
        signal = execute(statement, scope, out);
        line = outer;
      } catch (JinjaException e) {
        throw e.at(statement.line());
      } finally {
        budget.leave();
      }
      if (signal != Signal.NORMAL) {
        return signal;
      }
    }
    return Signal.NORMAL;
  }

  private Signal execute(Stmt statement, Scope scope, Output out) {
    if (statement instanceof Stmt.Text text) {
      out.append(text.text());
    } else if (statement instanceof Stmt.Print print) {
      out.append(Repr.str(evaluate(print.value(), scope), budget));
    } else if (statement instanceof Stmt.If branches) {
      return branch(branches, scope, out);
    } else if (statement instanceof Stmt.For loop) {
      return loop(loop, evaluate(loop.iterable(), scope), scope, out, 0);
    } else if (statement instanceof Stmt.Set set) {
      assign(set.target(), evaluate(set.value(), scope), scope, scope);
    } else if (statement instanceof Stmt.SetBlock set) {
      return setBlock(set, scope);
    } else if (statement instanceof Stmt.With with) {
      return with(with, scope, out);
    } else if (statement instanceof Stmt.DefineMacro define) {
      scope.set(define.macro().name(), new Macro(define.macro(), scope));
    } else if (statement instanceof Stmt.CallBlock call) {
      callBlock(call, scope, out);
    } else if (statement instanceof Stmt.FilterBlock block) {
      return filterBlock(block, scope, out);
    } else if (statement instanceof Stmt.Generation generation) {
      generation(generation, scope, out);
    } else if (statement instanceof Stmt.Block block) {
      execute(block.body(), (block.scoped() ? scope : root).child(), out);
    } else if (statement instanceof Stmt.LoopControl control) {
      return control.signal();
    } else {
      throw JinjaException.type("no loader for this environment specified");
    }
    return Signal.NORMAL;
  }

  private Signal branch(Stmt.If statement, Scope scope, Output out) {
    for (Stmt.Branch branch : statement.branches()) {
      if (truth(branch.test(), scope)) {
        return execute(branch.body(), scope, out);
      }
    }
    return execute(statement.otherwise(), scope, out);
  }

  private Signal loop(Stmt.For statement, Object iterable, Scope scope, Output out, int depth) {
    Iterator<Object> items = Values.iterate(iterable);
    int length = Values.length(iterable);
    if (statement.filter() != null) {
      items = filtered(items, statement.target(), statement.filter(), scope);
      length = -1;
    }
    LoopContext.Recursion recursion = null;
    if (statement.recursive()) {
      recursion =
          (inner, innerDepth) -> {
            Output buffer = Output.buffer(budget);
            loop(statement, inner, scope, buffer, innerDepth);
            return buffer.text();
          };
    }
    LoopContext loop = new LoopContext(items, length, depth, recursion, budget);
    boolean completed = false;
    while (loop.hasNext()) {
      budget.steps(1);
      Scope inner = scope.child();
      assign(statement.target(), loop.next(), inner, scope);
      inner.set("loop", loop);
      Signal signal = execute(statement.body(), inner, out);
      if (signal == Signal.BREAK) {
        break;
      }
      completed |= signal == Signal.NORMAL;
    }
    // As in Jinja, the else branch also runs when no pass through the body reached its end.
    return completed ? Signal.NORMAL : execute(statement.otherwise(), scope.child(), out);
  }

  private Iterator<Object> filtered(Iterator<Object> items, Expr target, Expr filter, Scope scope) {
    return new Iterator<>() {
      private @Nullable Object ahead;

      @Override
      public boolean hasNext() {
        while (ahead == null && items.hasNext()) {
          Object item = items.next();
          Scope inner = scope.child();
          assign(target, item, inner, scope);
          if (truth(filter, inner)) {
            ahead = item;
          }
        }
        return ahead != null;
      }

      @Override
      public Object next() {
        if (!hasNext() || ahead == null) {
          throw new NoSuchElementException();
        }
        Object item = ahead;
        ahead = null;
        return item;
      }
    };
  }

  private void assign(Expr target, Object value, Scope scope, Scope visible) {
    if (target instanceof Expr.Name name) {
      scope.set(name.name(), value);
    } else if (target instanceof Expr.NamespaceTarget attribute) {
      if (!(visible.get(attribute.name()) instanceof Namespace namespace)) {
        throw JinjaException.template("cannot assign attribute on non-namespace object");
      }
      namespace.set(attribute.attribute(), value);
    } else {
      unpack(((Expr.TupleLiteral) target).items(), value, scope, visible);
    }
  }

  private void unpack(List<Expr> targets, Object value, Scope scope, Scope visible) {
    if (!Values.isIterable(value)) {
      throw JinjaException.type("cannot unpack non-iterable " + Values.typeName(value) + " object");
    }
    List<Object> items = new ArrayList<>();
    Iterator<Object> iterator = Values.iterate(value);
    while (iterator.hasNext()) {
      if (items.size() == targets.size()) {
        throw JinjaException.value("too many values to unpack (expected " + targets.size() + ")");
      }
      items.add(iterator.next());
    }
    if (items.size() < targets.size()) {
      throw JinjaException.value(
          "not enough values to unpack (expected "
              + targets.size()
              + ", got "
              + items.size()
              + ")");
    }
    for (int i = 0; i < items.size(); i++) {
      assign(targets.get(i), items.get(i), scope, visible);
    }
  }

  private Signal setBlock(Stmt.SetBlock set, Scope scope) {
    Output buffer = Output.buffer(budget);
    Signal signal = execute(set.body(), scope.child(), buffer);
    if (signal == Signal.NORMAL) {
      String text = buffer.text();
      assign(
          set.target(),
          set.filter() == null ? text : filter(set.filter(), text, scope),
          scope,
          scope);
    }
    return signal;
  }

  private Signal with(Stmt.With with, Scope scope, Output out) {
    Scope inner = scope.child();
    for (int i = 0; i < with.targets().size(); i++) {
      assign(with.targets().get(i), evaluate(with.values().get(i), scope), inner, scope);
    }
    return execute(with.body(), inner, out);
  }

  private void callBlock(Stmt.CallBlock block, Scope scope, Output out) {
    Object function = evaluate(block.call().function(), scope);
    CallArguments arguments = arguments(block.call().arguments(), scope);
    Map<String, Object> named = new LinkedHashMap<>(arguments.named());
    named.put("caller", new Macro(block.caller(), scope));
    out.append(Repr.str(call(function, new CallArguments(arguments.positional(), named)), budget));
  }

  private Signal filterBlock(Stmt.FilterBlock block, Scope scope, Output out) {
    Output buffer = Output.buffer(budget);
    Signal signal = execute(block.body(), scope.child(), buffer);
    if (signal == Signal.NORMAL) {
      out.append(Repr.str(filter(block.filter(), buffer.text(), scope), budget));
    }
    return signal;
  }

  private void generation(Stmt.Generation generation, Scope scope, Output out) {
    if (!out.isDocument()) {
      throw JinjaException.template(
          "{% generation %} inside a macro, call, filter or set block: its place in the text cannot be known. Move it outside.");
    }
    int start = out.length();
    execute(generation.body(), scope.child(), out);
    out.generation(start);
  }

  // --- expressions ---

  private boolean truth(Expr expression, Scope scope) {
    return Values.truth(evaluate(expression, scope));
  }

  Object evaluate(Expr expression, Scope scope) {
    budget.enter();
    try {
      return switchOn(expression, scope);
    } finally {
      budget.leave();
    }
  }

  private Object switchOn(Expr expression, Scope scope) {
    if (expression instanceof Expr.Const constant) {
      return constant.value();
    } else if (expression instanceof Expr.Name name) {
      Object value = scope.get(name.name());
      return value == null ? Undefined.variable(name.name()) : value;
    } else if (expression instanceof Expr.Attribute attribute) {
      return operators.attribute(evaluate(attribute.object(), scope), attribute.name());
    } else if (expression instanceof Expr.Subscript subscript) {
      return subscript(subscript, scope);
    } else if (expression instanceof Expr.Call call) {
      Object function = evaluate(call.function(), scope);
      return call(function, arguments(call.arguments(), scope));
    } else if (expression instanceof Expr.Filter filter) {
      Object input =
          filter.input() == null
              ? Undefined.of("a filter without input")
              : evaluate(filter.input(), scope);
      return Filters.apply(this, filter.name(), input, arguments(filter.arguments(), scope));
    } else if (expression instanceof Expr.Test test) {
      Object input = evaluate(test.input(), scope);
      return Tests.apply(this, test.name(), input, arguments(test.arguments(), scope));
    } else if (expression instanceof Expr.Compare compare) {
      return compare(compare, scope);
    } else if (expression instanceof Expr.And and) {
      Object left = evaluate(and.left(), scope);
      return Values.truth(left) ? evaluate(and.right(), scope) : left;
    } else if (expression instanceof Expr.Or or) {
      Object left = evaluate(or.left(), scope);
      return Values.truth(left) ? left : evaluate(or.right(), scope);
    } else if (expression instanceof Expr.Not not) {
      return !truth(not.operand(), scope);
    } else if (expression instanceof Expr.Arithmetic arithmetic) {
      Object left = evaluate(arithmetic.left(), scope);
      return operators.arithmetic(arithmetic.op(), left, evaluate(arithmetic.right(), scope));
    } else if (expression instanceof Expr.Concat concat) {
      StringBuilder text = new StringBuilder();
      for (Expr part : concat.parts()) {
        String next = Repr.str(evaluate(part, scope), budget);
        budget.chars(next.length());
        text.append(next);
      }
      return text.toString();
    } else if (expression instanceof Expr.Conditional conditional) {
      return conditional(conditional, scope);
    } else if (expression instanceof Expr.ListLiteral list) {
      return new PyList(evaluateAll(list.items(), scope));
    } else if (expression instanceof Expr.TupleLiteral tuple) {
      return new PyTuple(evaluateAll(tuple.items(), scope));
    } else if (expression instanceof Expr.DictLiteral dict) {
      budget.items(dict.items().size());
      PyDict result = new PyDict();
      for (Expr.Pair pair : dict.items()) {
        Object key = evaluate(pair.key(), scope);
        result.put(key, evaluate(pair.value(), scope));
      }
      return result;
    } else if (expression instanceof Expr.Negate negate) {
      return operators.negate(evaluate(negate.operand(), scope), true);
    } else if (expression instanceof Expr.Plus plus) {
      return operators.negate(evaluate(plus.operand(), scope), false);
    }
    throw JinjaException.template("a slice or namespace target is no value");
  }

  private Object subscript(Expr.Subscript subscript, Scope scope) {
    Object object = evaluate(subscript.object(), scope);
    if (subscript.index() instanceof Expr.Slice slice) {
      return operators.slice(
          object,
          optional(slice.start(), scope),
          optional(slice.stop(), scope),
          optional(slice.step(), scope));
    }
    return operators.item(object, evaluate(subscript.index(), scope));
  }

  private @Nullable Object optional(@Nullable Expr expression, Scope scope) {
    return expression == null ? null : evaluate(expression, scope);
  }

  private boolean compare(Expr.Compare compare, Scope scope) {
    Object left = evaluate(compare.first(), scope);
    for (Expr.Comparison comparison : compare.rest()) {
      Object right = evaluate(comparison.operand(), scope);
      if (!operators.compare(comparison.op(), left, right)) {
        return false;
      }
      left = right;
    }
    return true;
  }

  private Object conditional(Expr.Conditional conditional, Scope scope) {
    if (truth(conditional.test(), scope)) {
      return evaluate(conditional.then(), scope);
    }
    return conditional.otherwise() == null
        ? Undefined.of(
            "the inline if-expression on line "
                + conditional.line()
                + " evaluated to false and no else section was defined.")
        : evaluate(conditional.otherwise(), scope);
  }

  private List<Object> evaluateAll(List<Expr> expressions, Scope scope) {
    budget.items(expressions.size());
    List<Object> values = new ArrayList<>(expressions.size());
    for (Expr expression : expressions) {
      values.add(evaluate(expression, scope));
    }
    return values;
  }

  private Object filter(Expr.Filter filter, Object text, Scope scope) {
    Object input = filter.input() instanceof Expr.Filter inner ? filter(inner, text, scope) : text;
    return Filters.apply(this, filter.name(), input, arguments(filter.arguments(), scope));
  }

  private CallArguments arguments(Expr.Arguments arguments, Scope scope) {
    if (arguments.isEmpty()) {
      return CallArguments.NONE;
    }
    List<Object> positional = evaluateAll(arguments.positional(), scope);
    if (arguments.star() != null) {
      Object star = evaluate(arguments.star(), scope);
      if (!Values.isIterable(star)) {
        throw JinjaException.type(
            "argument after * must be an iterable, not " + Values.typeName(star));
      }
      positional.addAll(Values.list(star, budget));
    }
    Map<String, Object> named = new LinkedHashMap<>();
    for (Expr.Keyword keyword : arguments.keywords()) {
      named.put(keyword.name(), evaluate(keyword.value(), scope));
    }
    if (arguments.doubleStar() != null) {
      if (!(evaluate(arguments.doubleStar(), scope) instanceof PyDict dict)) {
        throw JinjaException.type("argument after ** must be a mapping");
      }
      for (PyDict.Entry entry : dict.entries()) {
        if (!Values.isString(entry.key())) {
          throw JinjaException.type("keywords must be strings");
        }
        if (named.put(Values.text(entry.key()), entry.value()) != null) {
          throw JinjaException.type(
              "got multiple values for keyword argument " + Repr.quote(Values.text(entry.key())));
        }
      }
    }
    return new CallArguments(positional, named);
  }

  private Object call(Object function, CallArguments arguments) {
    if (function instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (!(function instanceof Callable callable)) {
      throw JinjaException.type("'" + Values.typeName(function) + "' object is not callable");
    }
    return callable.call(this, arguments);
  }
}
