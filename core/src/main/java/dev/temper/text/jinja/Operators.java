package dev.temper.text.jinja;

import dev.temper.text.jinja.Expr.ArithmeticOp;
import dev.temper.text.jinja.Expr.CompareOp;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Python's operators on template values, within a budget. */
final class Operators {
  private final Budget budget;

  Operators(Budget budget) {
    this.budget = budget;
  }

  // --- arithmetic ---

  Object arithmetic(ArithmeticOp op, Object left, Object right) {
    if (op == ArithmeticOp.MODULO && Values.isString(left)) {
      return rewrap(left, new PercentFormat(budget).format(Values.text(left), right));
    }
    failIfUndefined(left, right);
    if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
      return left instanceof Double || right instanceof Double || op == ArithmeticOp.DIVIDE
          ? floats(op, left, right)
          : integers(op, Numbers.integer(left), Numbers.integer(right));
    }
    if (op == ArithmeticOp.ADD) {
      return add(left, right);
    }
    if (op == ArithmeticOp.MULTIPLY) {
      if (Numbers.isIntegral(right) && isRepeatable(left)) {
        return repeat(left, Numbers.integer(right));
      }
      if (Numbers.isIntegral(left) && isRepeatable(right)) {
        return repeat(right, Numbers.integer(left));
      }
    }
    throw unsupported(op, left, right);
  }

  private static void failIfUndefined(Object left, Object right) {
    if (left instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (right instanceof Undefined undefined) {
      throw undefined.error();
    }
  }

  private static JinjaException unsupported(ArithmeticOp op, Object left, Object right) {
    String symbol = op == ArithmeticOp.POWER ? "** or pow()" : op.symbol;
    return JinjaException.type(
        "unsupported operand type(s) for "
            + symbol
            + ": '"
            + Values.typeName(left)
            + "' and '"
            + Values.typeName(right)
            + "'");
  }

  private Object add(Object left, Object right) {
    if (Values.isString(left) && Values.isString(right)) {
      boolean markup = left instanceof Markup || right instanceof Markup;
      String a = markup && left instanceof String s ? Markup.escape(s) : Values.text(left);
      String b = markup && right instanceof String s ? Markup.escape(s) : Values.text(right);
      budget.chars((long) a.length() + b.length());
      return markup ? new Markup(a + b) : a + b;
    }
    if (left instanceof PyList a && right instanceof PyList b) {
      return new PyList(joined(a.items(), b.items()));
    }
    if (left instanceof PyTuple a && right instanceof PyTuple b) {
      return new PyTuple(joined(a.items(), b.items()));
    }
    if (left instanceof PyList || left instanceof PyTuple || Values.isString(left)) {
      String type = Values.isString(left) ? "str" : Values.typeName(left);
      throw JinjaException.type(
          "can only concatenate " + type + " (not \"" + Values.typeName(right) + "\") to " + type);
    }
    throw unsupported(ArithmeticOp.ADD, left, right);
  }

  private List<Object> joined(List<Object> a, List<Object> b) {
    budget.items((long) a.size() + b.size());
    List<Object> result = new ArrayList<>(a.size() + b.size());
    result.addAll(a);
    result.addAll(b);
    return result;
  }

  private static boolean isRepeatable(Object value) {
    return Values.isString(value) || value instanceof PyList || value instanceof PyTuple;
  }

  private Object repeat(Object value, BigInteger times) {
    int count = Math.max(0, Numbers.clampToInt(times));
    if (Values.isString(value)) {
      String text = Values.text(value);
      budget.chars((long) text.length() * count);
      return rewrap(value, text.repeat(text.isEmpty() ? 0 : count));
    }
    List<Object> items = value instanceof PyList list ? list.items() : ((PyTuple) value).items();
    budget.items((long) items.size() * count);
    List<Object> result = new ArrayList<>();
    for (int i = 0; i < count && !items.isEmpty(); i++) {
      result.addAll(items);
    }
    return value instanceof PyList ? new PyList(result) : new PyTuple(result);
  }

  static Object rewrap(Object original, String text) {
    return original instanceof Markup ? new Markup(text) : text;
  }

  private static Object integers(ArithmeticOp op, BigInteger a, BigInteger b) {
    return switch (op) {
      case ADD -> Numbers.checked(a.add(b));
      case SUBTRACT -> Numbers.checked(a.subtract(b));
      case MULTIPLY -> Numbers.checked(a.multiply(b));
      case FLOOR_DIVIDE -> floorDivide(a, b)[0];
      case MODULO -> floorDivide(a, b)[1];
      case POWER -> power(a, b);
      case DIVIDE -> throw new AssertionError(op);
    };
  }

  private static BigInteger[] floorDivide(BigInteger a, BigInteger b) {
    if (b.signum() == 0) {
      throw new JinjaException(
          JinjaException.Kind.ARITHMETIC, 0, "integer division or modulo by zero");
    }
    BigInteger[] result = a.divideAndRemainder(b);
    if (result[1].signum() != 0 && result[1].signum() != b.signum()) {
      result[0] = result[0].subtract(BigInteger.ONE);
      result[1] = result[1].add(b);
    }
    return result;
  }

  private static Object power(BigInteger base, BigInteger exponent) {
    if (exponent.signum() < 0) {
      return floatPower(Numbers.toDouble(base), Numbers.toDouble(exponent));
    }
    if (base.bitLength() <= 1 && base.abs().bitLength() <= 1) {
      boolean odd = exponent.testBit(0);
      return exponent.signum() == 0
          ? BigInteger.ONE
          : base.signum() < 0 && !odd ? base.negate() : base;
    }
    int power = Numbers.clampToInt(exponent);
    if ((long) (base.abs().bitLength() - 1) * power > 60_000) {
      throw JinjaException.overflow(
          "an integer of too many bits: " + base.bitLength() + " bits to the power " + power);
    }
    return Numbers.checked(base.pow(power));
  }

  private static Object floats(ArithmeticOp op, Object left, Object right) {
    if (op == ArithmeticOp.DIVIDE && !(left instanceof Double) && !(right instanceof Double)) {
      return trueDivide(Numbers.integer(left), Numbers.integer(right));
    }
    double a = Numbers.toDouble(left);
    double b = Numbers.toDouble(right);
    return switch (op) {
      case ADD -> a + b;
      case SUBTRACT -> a - b;
      case MULTIPLY -> a * b;
      case POWER -> floatPower(a, b);
      case DIVIDE, FLOOR_DIVIDE, MODULO -> divide(op, a, b);
    };
  }

  private static double divide(ArithmeticOp op, double a, double b) {
    if (b == 0) {
      throw new JinjaException(JinjaException.Kind.ARITHMETIC, 0, "float division by zero");
    }
    if (op == ArithmeticOp.DIVIDE) {
      return a / b;
    }
    double remainder = a % b;
    if (remainder != 0 && remainder < 0 != b < 0) {
      remainder += b;
    } else if (remainder == 0) {
      remainder = Math.copySign(0.0, b);
    }
    if (op == ArithmeticOp.MODULO) {
      return remainder;
    }
    double quotient = (a - remainder) / b;
    double floor = Math.floor(quotient);
    return quotient == 0 ? Math.copySign(0.0, a / b) : quotient - floor > 0.5 ? floor + 1 : floor;
  }

  /** The correctly rounded quotient of two integers of any size. */
  private static Object trueDivide(BigInteger a, BigInteger b) {
    if (b.signum() == 0) {
      throw new JinjaException(JinjaException.Kind.ARITHMETIC, 0, "division by zero");
    }
    double result =
        a.bitLength() <= 53 && b.bitLength() <= 53
            ? a.doubleValue() / b.doubleValue()
            : new BigDecimal(a)
                .divide(new BigDecimal(b), new java.math.MathContext(800))
                .doubleValue();
    if (Double.isInfinite(result)) {
      throw JinjaException.overflow("integer division result too large for a float");
    }
    return result;
  }

  private static Object floatPower(double base, double exponent) {
    if (base == 0 && exponent < 0) {
      throw new JinjaException(JinjaException.Kind.ARITHMETIC, 0, "zero to a negative power");
    }
    if (base < 0
        && !Double.isInfinite(base)
        && !Double.isInfinite(exponent)
        && exponent != Math.rint(exponent)) {
      throw JinjaException.type(
          "complex numbers are not supported: a negative number to a fractional power");
    }
    if (base == 1) {
      return 1.0;
    }
    double result = Math.pow(base, exponent);
    if (Double.isInfinite(result) && !Double.isInfinite(base) && !Double.isInfinite(exponent)) {
      throw JinjaException.overflow("Numerical result out of range");
    }
    return result;
  }

  Object negate(Object value, boolean minus) {
    if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (value instanceof Double d) {
      return minus ? -d : d;
    }
    if (!Numbers.isIntegral(value)) {
      throw JinjaException.type(
          "bad operand type for unary "
              + (minus ? "-" : "+")
              + ": '"
              + Values.typeName(value)
              + "'");
    }
    BigInteger integer = Numbers.integer(value);
    return minus ? integer.negate() : integer;
  }

  // --- comparison ---

  boolean compare(CompareOp op, Object left, Object right) {
    return switch (op) {
      case EQ -> equal(left, right);
      case NE -> !equal(left, right);
      case IN -> contains(right, left);
      case NOT_IN -> !contains(right, left);
      default -> ordered(op, left, right);
    };
  }

  boolean equal(Object a, Object b) {
    budget.enter();
    try {
      if (a instanceof Undefined || b instanceof Undefined) {
        return a instanceof Undefined && b instanceof Undefined;
      }
      if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
        return compareNumbers(a, b) == 0 && !isNan(a) && !isNan(b);
      }
      if (Values.isString(a) && Values.isString(b)) {
        budget.steps(Values.text(a).length() >> 4);
        return Values.text(a).equals(Values.text(b));
      }
      if (a instanceof PyList x && b instanceof PyList y) {
        return equalItems(x.items(), y.items());
      }
      if (a instanceof PyTuple x && b instanceof PyTuple y) {
        return equalItems(x.items(), y.items());
      }
      if (a instanceof PyRange x && b instanceof PyRange y) {
        return equalItems(x.items(), y.items());
      }
      if (a instanceof PyDict x && b instanceof PyDict y) {
        if (x.size() != y.size()) {
          return false;
        }
        for (PyDict.Entry entry : x.entries()) {
          Object other = y.get(entry.key());
          if (other == null || !equal(entry.value(), other)) {
            return false;
          }
        }
        return true;
      }
      return same(a, b);
    } finally {
      budget.leave();
    }
  }

  /**
   * Python's {@code is}, where small integers and equal strings count as one object, as they nearly
   * always are.
   */
  @SuppressWarnings("ReferenceEquality") // identity is what is asked for
  static boolean same(Object a, Object b) {
    boolean scalar =
        a instanceof Boolean
            || a instanceof BigInteger
            || a instanceof String
            || a instanceof Double;
    return a == b || (scalar && a.getClass() == b.getClass() && a.equals(b));
  }

  private static boolean isNan(Object value) {
    return value instanceof Double d && Double.isNaN(d);
  }

  private boolean equalItems(List<Object> a, List<Object> b) {
    if (a.size() != b.size()) {
      return false;
    }
    for (int i = 0; i < a.size(); i++) {
      if (!equal(a.get(i), b.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static int compareNumbers(Object a, Object b) {
    if (!(a instanceof Double) && !(b instanceof Double)) {
      return Numbers.integer(a).compareTo(Numbers.integer(b));
    }
    if (isNonFinite(a) || isNonFinite(b)) {
      return Double.compare(isNonFinite(a) ? (Double) a : 0, isNonFinite(b) ? (Double) b : 0);
    }
    return decimal(a).compareTo(decimal(b));
  }

  private static boolean isNonFinite(Object value) {
    return value instanceof Double d && (d.isNaN() || d.isInfinite());
  }

  private static BigDecimal decimal(Object value) {
    return value instanceof Double d ? new BigDecimal(d) : new BigDecimal(Numbers.integer(value));
  }

  private boolean ordered(CompareOp op, Object left, Object right) {
    if ((isNan(left) && Numbers.isNumber(right)) || (isNan(right) && Numbers.isNumber(left))) {
      return false;
    }
    int order = order(op, left, right);
    return switch (op) {
      case LT -> order < 0;
      case LE -> order <= 0;
      case GT -> order > 0;
      default -> order >= 0;
    };
  }

  /** The order of two values; fails as Python does for values that have none. */
  int order(CompareOp op, Object a, Object b) {
    budget.enter();
    try {
      failIfUndefined(a, b);
      if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
        return compareNumbers(a, b);
      }
      if (Values.isString(a) && Values.isString(b)) {
        budget.steps(Math.min(Values.text(a).length(), Values.text(b).length()) >> 4);
        return compareCodePoints(Values.text(a), Values.text(b));
      }
      boolean comparable =
          (a instanceof PyList && b instanceof PyList)
              || (a instanceof PyTuple && b instanceof PyTuple);
      List<Object> x = comparable ? Values.sequence(a) : null;
      List<Object> y = Values.sequence(b);
      if (x == null || y == null) {
        throw JinjaException.type(
            "'"
                + op.symbol
                + "' not supported between instances of '"
                + Values.typeName(a)
                + "' and '"
                + Values.typeName(b)
                + "'");
      }
      for (int i = 0; i < Math.min(x.size(), y.size()); i++) {
        if (!equal(x.get(i), y.get(i))) {
          return order(op, x.get(i), y.get(i));
        }
      }
      return Integer.compare(x.size(), y.size());
    } finally {
      budget.leave();
    }
  }

  /** Sorts in place, keeping the order of equal items. */
  <T> void sort(List<T> items, Comparator<T> order) {
    try {
      items.sort(order);
    } catch (IllegalArgumentException e) { // a NaN among the keys
      throw JinjaException.value("the items have no consistent order");
    }
  }

  private static int compareCodePoints(String a, String b) {
    int mismatch = 0;
    int length = Math.min(a.length(), b.length());
    while (mismatch < length && a.charAt(mismatch) == b.charAt(mismatch)) {
      mismatch++;
    }
    if (mismatch == length) {
      return Integer.compare(a.length(), b.length());
    }
    char x = a.charAt(mismatch);
    char y = b.charAt(mismatch);
    if (Character.isSurrogate(x) != Character.isSurrogate(y)) {
      return Character.isSurrogate(x) ? 1 : -1;
    }
    return Character.compare(x, y);
  }

  boolean contains(Object container, Object item) {
    if (Values.isString(container)) {
      if (!Values.isString(item)) {
        throw JinjaException.type(
            "'in <string>' requires string as left operand, not " + Values.typeName(item));
      }
      budget.steps(Values.text(container).length() >> 4);
      return Str.find(Values.text(container), Values.text(item), 0) >= 0;
    }
    if (container instanceof PyDict dict) {
      return dict.containsKey(item);
    }
    if (!Values.isIterable(container)) {
      throw JinjaException.type(
          "argument of type '" + Values.typeName(container) + "' is not iterable");
    }
    for (Iterator<Object> it = Values.iterate(container); it.hasNext(); ) {
      if (equal(it.next(), item)) {
        return true;
      }
    }
    return false;
  }

  // --- attributes and items ---

  /** {@code object.name}: the attribute first, then the item. */
  Object attribute(Object object, String name) {
    if (object instanceof Undefined undefined && !Attributes.isUnsafeName(name)) {
      throw undefined.error();
    }
    Object attribute = Attributes.get(object, name);
    if (attribute != null) {
      return attribute;
    }
    Object item = lookup(object, name);
    return item != null ? item : missing(object, name);
  }

  /** {@code object[key]}: the item first, then the attribute. */
  Object item(Object object, Object key) {
    if (object instanceof Undefined undefined) {
      throw undefined.error();
    }
    Object item = lookup(object, key);
    if (item != null) {
      return item;
    }
    if (Values.isString(key)) {
      Object attribute = Attributes.get(object, Values.text(key));
      if (attribute != null) {
        return attribute;
      }
    }
    return missing(object, key);
  }

  Object missing(Object object, Object key) {
    String type = object instanceof None ? "None" : Values.typeName(object) + " object";
    return Values.isString(key)
        ? Undefined.of("'" + type + "' has no attribute " + Repr.quote(Values.text(key)))
        : Undefined.of(
            type
                + " has no element "
                + (key instanceof HostObject || key instanceof Lazy
                    ? "of that kind"
                    : Repr.repr(key, budget)));
  }

  private static @Nullable Object lookup(Object object, Object key) {
    if (object instanceof PyDict dict) {
      try {
        return dict.get(key);
      } catch (JinjaException unhashable) {
        return null;
      }
    }
    if (!Numbers.isIntegral(key)) {
      return null;
    }
    BigInteger index = Numbers.integer(key);
    int length =
        Values.isString(object) || Values.sequence(object) != null ? Values.length(object) : 0;
    if (object instanceof DictView) {
      return null;
    }
    if (index.signum() < 0) {
      index = index.add(BigInteger.valueOf(length));
    }
    if (index.signum() < 0 || index.compareTo(BigInteger.valueOf(length)) >= 0) {
      return null;
    }
    int at = index.intValueExact();
    if (Values.isString(object)) {
      String text = Values.text(object);
      return rewrap(object, Character.toString(text.codePointAt(Str.offset(text, at))));
    }
    List<Object> sequence = Values.sequence(object);
    return sequence == null ? null : sequence.get(at);
  }

  /** {@code object[start:stop:step]}; null stands for a bound that is not given. */
  Object slice(
      Object object, @Nullable Object start, @Nullable Object stop, @Nullable Object step) {
    if (object instanceof Undefined undefined) {
      throw undefined.error();
    }
    List<Object> sequence = object instanceof DictView ? null : Values.sequence(object);
    boolean isString = Values.isString(object);
    if (sequence == null && !isString) {
      throw JinjaException.type("'" + Values.typeName(object) + "' object cannot be sliced");
    }
    int by = step == null || step == None.NONE ? 1 : Numbers.clampToInt(sliceIndex(step));
    if (by == 0) {
      throw JinjaException.value("slice step cannot be zero");
    }
    int length = Values.length(object);
    int from = bound(start, by > 0 ? 0 : length - 1, length, by);
    int to = bound(stop, by > 0 ? length : -1, length, by);
    if (isString && by == 1) {
      String text = Values.text(object);
      if (from >= to) {
        return rewrap(object, "");
      }
      int begin = Str.offset(text, from);
      budget.chars(to - from);
      return rewrap(object, text.substring(begin, text.offsetByCodePoints(begin, to - from)));
    }
    List<Object> source = sequence == null ? Values.list(object, budget) : sequence;
    budget.items(length);
    List<Object> result = new ArrayList<>();
    for (long i = from; by > 0 ? i < to : i > to; i += by) {
      result.add(source.get((int) i));
    }
    if (isString) {
      StringBuilder text = new StringBuilder();
      result.forEach(text::append);
      return rewrap(object, text.toString());
    }
    return object instanceof PyTuple ? new PyTuple(result) : new PyList(result);
  }

  private static BigInteger sliceIndex(Object value) {
    if (!Numbers.isIntegral(value)) {
      throw JinjaException.type(
          "slice indices must be integers or None or have an __index__ method");
    }
    return Numbers.integer(value);
  }

  private static int bound(@Nullable Object value, int absent, int length, int step) {
    if (value == null || value == None.NONE) {
      return absent;
    }
    BigInteger index = sliceIndex(value);
    if (index.signum() < 0) {
      index = index.add(BigInteger.valueOf(length));
    }
    int low = step > 0 ? 0 : -1;
    int high = step > 0 ? length : length - 1;
    return Math.max(low, Math.min(high, Numbers.clampToInt(index)));
  }
}
