package dev.temper.text.jinja;

import java.math.BigInteger;
import java.util.AbstractList;
import java.util.List;

/** The integers from {@code start} in steps of {@code step}, {@code size} of them. */
record PyRange(BigInteger start, BigInteger stop, BigInteger step, int size) {
  private static final int MAX_SIZE = 100_000;

  static PyRange of(BigInteger start, BigInteger stop, BigInteger step) {
    if (step.signum() == 0) {
      throw JinjaException.value("range() arg 3 must not be zero");
    }
    BigInteger span = step.signum() > 0 ? stop.subtract(start) : start.subtract(stop);
    BigInteger width = step.abs();
    BigInteger size =
        span.signum() <= 0
            ? BigInteger.ZERO
            : span.add(width).subtract(BigInteger.ONE).divide(width);
    if (size.compareTo(BigInteger.valueOf(MAX_SIZE)) > 0) {
      throw JinjaException.overflow(
          "Range too big. The sandbox blocks ranges larger than MAX_RANGE (" + MAX_SIZE + ").");
    }
    return new PyRange(start, stop, step, size.intValueExact());
  }

  List<Object> items() {
    return new AbstractList<>() {
      @Override
      public Object get(int index) {
        return start.add(step.multiply(BigInteger.valueOf(index)));
      }

      @Override
      public int size() {
        return size;
      }
    };
  }
}
