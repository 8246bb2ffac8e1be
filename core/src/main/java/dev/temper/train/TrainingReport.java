package dev.temper.train;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * How a run ended.
 *
 * @param steps optimizer steps done, those before a resume included
 * @param metrics the last value of each metric
 * @param checkpoint the last checkpoint written
 */
public record TrainingReport(
    End end, long steps, double seconds, Map<String, Double> metrics, Optional<Path> checkpoint) {
  /** Why training ended. */
  public enum End {
    /** All steps done. */
    FINISHED,
    /** No improvement for {@code patience} evaluations. */
    EARLY_STOPPED,
    /** The process was asked to end; a checkpoint was written. */
    INTERRUPTED
  }
}
