package dev.temper.train;

import java.nio.file.Path;
import java.util.Optional;

/**
 * How a run goes.
 *
 * @param steps optimizer steps
 * @param tokenBudget most tokens of a micro-batch; sets peak memory and changes nothing else
 * @param maxGradNorm gradients are scaled down to this global norm; 0 switches clipping off
 * @param evalEvery steps between evaluations; 0 evaluates never on the way
 * @param saveEvery steps between checkpoints; 0 saves only when interrupted
 * @param patience evaluations without improvement before training stops; 0 never
 * @param checkpoints where checkpoints go
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
    Optional<Path> checkpoints) {
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
  }

  /** A constant learning rate, clipping at 1, 1,024 tokens a micro-batch, no checkpoints. */
  public static TrainingSettings steps(long steps) {
    return new TrainingSettings(steps, 1024, 1, Schedule.constant(), 0, 0, 0, 0, Optional.empty());
  }
}
