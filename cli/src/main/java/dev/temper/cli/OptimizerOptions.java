package dev.temper.cli;

import dev.temper.train.AdamW;
import dev.temper.train.Optimizer;
import dev.temper.train.Schedule;
import picocli.CommandLine.Option;

/** The optimizer and its learning rate over the run. */
final class OptimizerOptions {
  /** How the learning rate moves. */
  enum ScheduleName {
    CONSTANT,
    LINEAR,
    COSINE
  }

  @Option(names = "--learning-rate", description = "Peak learning rate (default: ${DEFAULT-VALUE})")
  double learningRate;

  @Option(names = "--schedule", defaultValue = "LINEAR", description = "${COMPLETION-CANDIDATES}")
  ScheduleName schedule = ScheduleName.LINEAR;

  @Option(
      names = "--warmup",
      defaultValue = "0",
      description = "Below 1 a share of the steps, else steps")
  double warmup;

  @Option(names = "--weight-decay", defaultValue = "0", description = "Decoupled weight decay")
  double weightDecay;

  /** With the learning rate that is usual for the algorithm. */
  OptimizerOptions(double learningRate) {
    this.learningRate = learningRate;
  }

  Optimizer.Settings optimizer() {
    return AdamW.learningRate(learningRate).weightDecay(weightDecay);
  }

  Schedule schedule() {
    Schedule s =
        switch (schedule) {
          case CONSTANT -> Schedule.constant();
          case LINEAR -> Schedule.linear();
          case COSINE -> Schedule.cosine();
        };
    if (warmup == 0) {
      return s;
    }
    return warmup < 1 ? s.warmup(warmup) : s.warmup((int) warmup);
  }
}
