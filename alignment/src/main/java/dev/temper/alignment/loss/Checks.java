package dev.temper.alignment.loss;

/** Ranges of the losses' settings. */
final class Checks {
  private Checks() {}

  static void positive(String loss, String name, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(
          loss + ": " + name + " must be positive and finite; got " + value);
    }
  }

  static void notNegative(String loss, String name, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(
          loss + ": " + name + " must be at least 0 and finite; got " + value);
    }
  }

  /** A probability that a label is wrong. */
  static void noise(String loss, double epsilon) {
    if (!(epsilon >= 0) || epsilon >= 0.5) {
      throw new IllegalArgumentException(
          loss
              + ": label smoothing must be in [0, 0.5), the share of labels that are wrong; got "
              + epsilon);
    }
  }
}
