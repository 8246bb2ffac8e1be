package dev.temper.train;

/** Checks of optimizer settings. */
final class Ranges {
  private Ranges() {}

  static void require(boolean ok, String optimizer, String name, double value, String range) {
    if (!ok) {
      throw new IllegalArgumentException(
          optimizer + " " + name + " = " + value + ": must be " + range);
    }
  }
}
