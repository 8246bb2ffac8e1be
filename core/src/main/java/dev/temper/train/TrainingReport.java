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
 * @param best the best evaluation, if there was one
 */
public record TrainingReport(
    End end,
    long steps,
    double seconds,
    Map<String, Double> metrics,
    Optional<Path> checkpoint,
    Optional<Best> best) {
  /** Why training ended. */
  public enum End {
    /** All steps done. */
    FINISHED,
    /** No improvement for {@code patience} evaluations. */
    EARLY_STOPPED,
    /** The process was asked to end; a checkpoint was written. */
    INTERRUPTED
  }

  /**
   * The best evaluation.
   *
   * @param step after which step it was
   * @param loss its loss
   * @param restored whether the model has that step's weights now, instead of the last step's
   */
  public record Best(long step, double loss, boolean restored) {}
}
