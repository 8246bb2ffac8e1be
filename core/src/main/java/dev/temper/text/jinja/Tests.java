package dev.temper.text.jinja;

import dev.temper.text.jinja.Expr.ArithmeticOp;
import dev.temper.text.jinja.Expr.CompareOp;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/** The tests: what can stand behind {@code is}. */
final class Tests {
  private static final Map<String, Test> TESTS = new HashMap<>();

  private Tests() {}

  private interface Body {
    boolean holds(Interpreter interpreter, Object value, Object argument);
  }

  private record Test(Signature signature, Body body) {}

  static boolean exists(String name) {
    return TESTS.containsKey(name);
  }

  static boolean apply(
      Interpreter interpreter, String name, Object value, CallArguments arguments) {
    Test test = TESTS.get(name);
    if (test == null) {
      throw JinjaException.template("No test named " + Repr.quote(name) + " found.");
    }
    Signature.Bound bound = test.signature().bind(arguments);
    return test.body()
        .holds(interpreter, value, test.signature().names().isEmpty() ? None.NONE : bound.get(0));
  }

  private static void is(String name, Predicate<Object> holds) {
    TESTS.put(
        name, new Test(Signature.of(name), (interpreter, value, argument) -> holds.test(value)));
  }

  private static void with(String name, Body body) {
    TESTS.put(name, new Test(Signature.of(name, "other"), body));
  }

  private static void compare(CompareOp op, String... names) {
    for (String name : names) {
      with(
          name,
          (interpreter, value, argument) -> interpreter.operators().compare(op, value, argument));
    }
  }

  static {
    is("defined", value -> !(value instanceof Undefined));
    is("undefined", value -> value instanceof Undefined);
    is("none", value -> value == None.NONE);
    is("boolean", value -> value instanceof Boolean);
    is("true", value -> value.equals(true));
    is("false", value -> value.equals(false));
    is("integer", value -> value instanceof BigInteger);
    is("float", value -> value instanceof Double);
    is("number", Numbers::isNumber);
    is("string", Values::isString);
    is("mapping", value -> value instanceof PyDict);
    is("iterable", Values::isIterable);
    is(
        "sequence",
        value ->
            Values.length(value) >= 0
                && !(value instanceof DictView)
                && !(value instanceof LoopContext));
    is("callable", value -> value instanceof Callable || value instanceof Undefined);
    is("escaped", value -> value instanceof Markup);
    is("filter", value -> Values.hashKey(value) instanceof String name && Filters.exists(name));
    is("test", value -> Values.hashKey(value) instanceof String name && exists(name));
    with("sameas", (interpreter, value, argument) -> Operators.same(value, argument));
    with("in", (interpreter, value, argument) -> interpreter.operators().contains(argument, value));
    with(
        "divisibleby",
        (interpreter, value, argument) -> remainder(interpreter, value, argument, 0));
    TESTS.put(
        "odd",
        new Test(
            Signature.of("odd"),
            (interpreter, value, argument) -> remainder(interpreter, value, Numbers.of(2), 1)));
    TESTS.put(
        "even",
        new Test(
            Signature.of("even"),
            (interpreter, value, argument) -> remainder(interpreter, value, Numbers.of(2), 0)));
    TESTS.put(
        "lower",
        new Test(
            Signature.of("lower"),
            (interpreter, value, argument) -> Str.isLower(Repr.str(value, interpreter.budget()))));
    TESTS.put(
        "upper",
        new Test(
            Signature.of("upper"),
            (interpreter, value, argument) -> Str.isUpper(Repr.str(value, interpreter.budget()))));
    compare(CompareOp.EQ, "eq", "==", "equalto");
    compare(CompareOp.NE, "ne", "!=");
    compare(CompareOp.GT, "gt", ">", "greaterthan");
    compare(CompareOp.GE, "ge", ">=");
    compare(CompareOp.LT, "lt", "<", "lessthan");
    compare(CompareOp.LE, "le", "<=");
  }

  private static boolean remainder(
      Interpreter interpreter, Object value, Object divisor, long expected) {
    Object remainder = interpreter.operators().arithmetic(ArithmeticOp.MODULO, value, divisor);
    return interpreter.operators().equal(remainder, Numbers.of(expected));
  }
}
