package dev.temper.generate;

/** Range checks whose messages name the parameter, the value, the range and the fix. */
final class Checks {
  private Checks() {}

  static void positiveFinite(String name, double value, String fix) {
    check(
        value > 0 && value <= Float.MAX_VALUE && (float) value > 0,
        name,
        value,
        "greater than 0 and finite",
        fix);
  }

  static void atLeast(String name, int value, int minimum, String fix) {
    check(value >= minimum, name, value, minimum + " or more", fix);
  }

  static void check(boolean condition, String name, Object value, String range, String fix) {
    if (!condition) {
      throw new IllegalArgumentException(name + " is " + value + ", must be " + range + ": " + fix);
    }
  }
}
