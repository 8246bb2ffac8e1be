package dev.temper.generate.remote;

import java.time.Duration;

/** Checks of durations. */
final class Durations {
  private static final Duration LONGEST = Duration.ofDays(7);

  private Durations() {}

  static void positive(String name, Duration value) {
    if (value.isNegative() || value.toMillis() == 0 || value.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          name + " is " + value + ", must be from 1 ms to 7 days: give a time that can pass");
    }
  }
}
