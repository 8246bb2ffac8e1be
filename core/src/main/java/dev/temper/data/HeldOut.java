package dev.temper.data;

/** How much of a data set is held out for evaluation. */
public sealed interface HeldOut {
  /** Number of examples to hold out of {@code size}. */
  long of(long size);

  /**
   * A share of the examples, rounded to the nearest number but at least one.
   *
   * @param fraction between 0 and 1, both excluded
   */
  record Fraction(double fraction) implements HeldOut {
    /** Checks the range. */
    public Fraction {
      if (!(fraction > 0 && fraction < 1)) {
        throw new IllegalArgumentException(
            "fraction: " + fraction + " must be between 0 and 1, both excluded");
      }
    }

    @Override
    public long of(long size) {
      return Math.max(1, Math.round(fraction * size));
    }
  }

  /**
   * A number of examples.
   *
   * @param examples at least 1
   */
  record Count(long examples) implements HeldOut {
    /** Checks the range. */
    public Count {
      if (examples < 1) {
        throw new IllegalArgumentException("examples: " + examples + " must be at least 1");
      }
    }

    @Override
    public long of(long size) {
      return examples;
    }
  }
}
