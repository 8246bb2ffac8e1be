package dev.temper.train.metrics;

import java.util.Locale;

/** Which data a row of metrics was measured on. */
public enum Phase {
  /** The training data, while training. */
  TRAIN,
  /** Held-out data. */
  EVAL;

  /** The name in files: {@code train} or {@code eval}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
