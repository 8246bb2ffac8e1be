package dev.temper.cli;

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
}
