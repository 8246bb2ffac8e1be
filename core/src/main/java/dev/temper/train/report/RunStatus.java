package dev.temper.train.report;

import java.util.Locale;

/** How far a run has come. */
public enum RunStatus {
  /** It is training, or its process was killed. */
  RUNNING,
  /** It reached its last step. */
  FINISHED,
  /** It stopped early on request, after a checkpoint. */
  INTERRUPTED,
  /** It stopped because of an error. */
  FAILED;

  /**
   * The name in {@code run.json}: {@code running}, {@code finished}, {@code interrupted} or {@code
   * failed}.
   */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
