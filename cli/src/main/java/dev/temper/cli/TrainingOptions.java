package dev.temper.cli;

import dev.temper.UserException;
import dev.temper.train.TrainerOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How long a run is, how it is cut into steps, and what happens on the way. */
final class TrainingOptions {
  @Option(
      names = "--steps",
      defaultValue = "0",
      description = "Optimizer steps; 0 lets --epochs decide")
  long steps;

  @Option(names = "--epochs", defaultValue = "1", description = "Passes over the data")
  double epochs = 1;

  @Option(names = "--batch-size", defaultValue = "8", description = "Examples a step")
  int batchSize = 8;

  @Option(
      names = "--token-budget",
      defaultValue = "1024",
      description = "Most tokens of a micro-batch: sets peak memory")
  int tokenBudget = 1024;

  @Option(
      names = "--max-grad-norm",
      defaultValue = "1",
      description = "Clip gradients to this norm; 0 is off")
  double maxGradNorm = 1;

  @Option(names = "--seed", defaultValue = "0", description = "Seed of everything")
  long seed;

  @Option(names = "--eval-every", defaultValue = "0", description = "Steps between evaluations")
  long evalEvery;

  @Option(names = "--save-every", defaultValue = "0", description = "Steps between checkpoints")
  long saveEvery;

  @Option(
      names = "--patience",
      defaultValue = "0",
      description = "Stop after this many evaluations without improvement")
  int patience;

  @Option(
      names = "--restore-best",
      negatable = true,
      fallbackValue = "true",
      description = "End with the weights of the best evaluation (default: yes with --patience)")
  @Nullable Boolean restoreBest;

  @Option(
      names = "--keep-checkpoints",
      defaultValue = "1",
      description = "How many of the newest checkpoints stay")
  int keepCheckpoints = 1;

  /** Fails before anything is loaded if a value is out of range. */
  void check() {
    atLeast(0, "--steps", (double) steps);
    atLeast(1, "--batch-size", batchSize);
    atLeast(1, "--token-budget", tokenBudget);
    atLeast(0, "--max-grad-norm", maxGradNorm);
    atLeast(0, "--eval-every", (double) evalEvery);
    atLeast(0, "--save-every", (double) saveEvery);
    atLeast(0, "--patience", patience);
    atLeast(1, "--keep-checkpoints", keepCheckpoints);
    boolean restores = restoreBest != null && restoreBest;
    if (evalEvery == 0 && (patience > 0 || restores)) {
      throw new UserException(
          (patience > 0 ? "--patience" : "--restore-best") + ": give --eval-every too");
    }
    if (!(epochs > 0) || Double.isInfinite(epochs)) {
      throw new UserException("--epochs " + epochs + ": must be above 0");
    }
  }

  /** Writes these settings into a trainer. */
  <S extends TrainerOptions<S>> void applyTo(
      S trainer, OptimizerOptions optimizer, RunOptions run) {
    trainer
        .optimizer(optimizer.optimizer())
        .schedule(optimizer.schedule())
        .steps(steps)
        .epochs(epochs)
        .batchSize(batchSize)
        .tokenBudget(tokenBudget)
        .maxGradNorm(maxGradNorm)
        .evalEvery(evalEvery)
        .saveEvery(saveEvery)
        .patience(patience)
        .keepCheckpoints(keepCheckpoints)
        .seed(seed)
        .output(run.directory())
        .resume(run.resume);
    if (restoreBest != null) {
      trainer.restoreBest(restoreBest);
    }
  }

  private static void atLeast(int least, String option, double value) {
    if (!(value >= least)) {
      String number =
          value == Math.rint(value) ? String.valueOf((long) value) : String.valueOf(value);
      throw new UserException(option + " " + number + ": must be at least " + least);
    }
  }
}
