package dev.temper.train;

import java.nio.file.Path;
import java.util.Optional;

/**
 * How a run goes.
 *
 * @param steps optimizer steps
 * @param tokenBudget most tokens of a micro-batch; sets peak memory and changes nothing else
 * @param maxGradNorm gradients are scaled down to this global norm; 0 switches clipping off
 * @param evalEvery steps between evaluations, and one more after the last step; 0 never evaluates
 * @param saveEvery steps between checkpoints; 0 saves only at the end and when interrupted
 * @param patience evaluations without improvement before training stops; 0 never
 * @param checkpoints where checkpoints go
 * @param restoreBest whether the run ends with the weights of its best evaluation (transformers'
 *     {@code load_best_model_at_end}); an interrupted run keeps its last ones, to go on from
 * @param keepCheckpoints how many of the newest checkpoints stay on disk, the last one included
 *     (transformers' {@code save_total_limit}); the best evaluation's weights are kept besides
 */
public record TrainingSettings(
    long steps,
    int tokenBudget,
    double maxGradNorm,
    Schedule schedule,
    long evalEvery,
    long saveEvery,
    int patience,
    long seed,
    Optional<Path> checkpoints,
    boolean restoreBest,
    int keepCheckpoints) {
  /** Checks ranges. */
  public TrainingSettings {
    if (steps < 1) {
      throw new IllegalArgumentException("steps: " + steps + " must be at least 1");
    }
    if (tokenBudget < 1) {
      throw new IllegalArgumentException("tokenBudget: " + tokenBudget + " must be at least 1");
    }
    if (!(maxGradNorm >= 0)) {
      throw new IllegalArgumentException(
          "maxGradNorm: " + maxGradNorm + " must be 0 (off) or more");
    }
    if (evalEvery < 0 || saveEvery < 0 || patience < 0) {
      throw new IllegalArgumentException(
          "evalEvery, saveEvery and patience must be 0 (off) or more");
    }
    if (saveEvery > 0 && checkpoints.isEmpty()) {
      throw new IllegalArgumentException("saveEvery: " + saveEvery + " needs an output directory");
    }
    if (evalEvery == 0 && (patience > 0 || restoreBest)) {
      throw new IllegalArgumentException(
          (patience > 0 ? "patience: " + patience : "restoreBest")
              + " needs evaluations: set evalEvery");
    }
    if (keepCheckpoints < 1) {
      throw new IllegalArgumentException(
          "keepCheckpoints: " + keepCheckpoints + " must be at least 1");
    }
  }

  /** Keeps the last checkpoint, and restores the best weights if the run may stop early. */
  public TrainingSettings(
      long steps,
      int tokenBudget,
      double maxGradNorm,
      Schedule schedule,
      long evalEvery,
      long saveEvery,
      int patience,
      long seed,
      Optional<Path> checkpoints) {
    this(
        steps,
        tokenBudget,
        maxGradNorm,
        schedule,
        evalEvery,
        saveEvery,
        patience,
        seed,
        checkpoints,
        patience > 0,
        1);
  }

  /** A constant learning rate, clipping at 1, 1,024 tokens a micro-batch, no checkpoints. */
  public static TrainingSettings steps(long steps) {
    return new TrainingSettings(steps, 1024, 1, Schedule.constant(), 0, 0, 0, 0, Optional.empty());
  }
}
