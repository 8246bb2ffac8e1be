package dev.temper.cli;

import dev.temper.UserException;
import dev.temper.train.Adafactor;
import dev.temper.train.AdamW;
import dev.temper.train.Lion;
import dev.temper.train.Optimizer;
import dev.temper.train.Schedule;
import dev.temper.train.Sgd;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The optimizer and its learning rate over the run. */
final class OptimizerOptions {
  /** What turns gradients into updates. */
  enum OptimizerName {
    ADAMW,
    SGD,
    LION,
    ADAFACTOR
  }

  /** How the learning rate moves. */
  enum ScheduleName {
    CONSTANT,
    LINEAR,
    COSINE,
    INVERSE_SQRT,
    WSD
  }

  /** The part of a run in which WSD decays. */
  private static final double WSD_DECAY = 0.2;

  @Option(
      names = "--optimizer",
      defaultValue = "ADAMW",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
  OptimizerName optimizer = OptimizerName.ADAMW;

  @Option(names = "--momentum", description = "Of SGD (default: 0)")
  @Nullable Double momentum;

  @Option(names = "--learning-rate", description = "Peak learning rate (default: ${DEFAULT-VALUE})")
  double learningRate;

  @Option(
      names = "--schedule",
      defaultValue = "LINEAR",
      description =
          "Of the learning rate: ${COMPLETION-CANDIDATES}; wsd stays, and falls over the last fifth")
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
    if (momentum != null && optimizer != OptimizerName.SGD) {
      throw new UserException("--momentum: only --optimizer sgd has one");
    }
    return switch (optimizer) {
      case ADAMW -> AdamW.learningRate(learningRate).weightDecay(weightDecay);
      case SGD -> new Sgd(learningRate, momentum == null ? 0 : momentum, false, weightDecay);
      case LION -> Lion.learningRate(learningRate).weightDecay(weightDecay);
      case ADAFACTOR -> Adafactor.learningRate(learningRate).weightDecay(weightDecay);
    };
  }

  Schedule schedule() {
    Schedule s =
        switch (schedule) {
          case CONSTANT -> Schedule.constant();
          case LINEAR -> Schedule.linear();
          case COSINE -> Schedule.cosine();
          case INVERSE_SQRT -> Schedule.inverseSqrt();
          case WSD -> Schedule.wsd(WSD_DECAY, Schedule.Decay.ONE_MINUS_SQRT);
        };
    if (warmup == 0) {
      return s;
    }
    if (warmup < 1) {
      return s.warmup(warmup);
    }
    if (warmup != Math.rint(warmup) || warmup > Integer.MAX_VALUE) {
      throw new UserException(
          "--warmup "
              + warmup
              + ": give a share of the steps below 1, such as 0.1, or a whole number of steps");
    }
    return s.warmup((int) warmup);
  }
}
