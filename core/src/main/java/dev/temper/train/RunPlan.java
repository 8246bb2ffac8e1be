package dev.temper.train;

import dev.temper.UserException;
import dev.temper.data.DataOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a trainer's run goes, filled in setting by setting; every trainer owns one and {@link
 * TrainerOptions} is how its users fill it. Ranges are checked when the run starts ({@link
 * TrainingSettings}).
 */
public final class RunPlan {
  final List<TrainingListener> listeners = new ArrayList<>();
  @Nullable Trainable trainable;
  Optimizer.Settings optimizer;
  Schedule schedule = Schedule.linear();
  double epochs = 1;
  long steps;
  int batchSize = 8;
  int tokenBudget = 1024;
  double maxGradNorm = 1;
  long evalEvery;
  long saveEvery;
  int patience;
  @Nullable Boolean restoreBest;
  int keepCheckpoints = 1;
  long seed;
  boolean shuffle = true;
  boolean resume;
  @Nullable Path output;

  /** A plan with TRL's defaults and this optimizer. */
  public RunPlan(Optimizer.Settings optimizer) {
    this.optimizer = optimizer;
  }

  /** Examples a step. */
  public int batchSize() {
    return batchSize;
  }

  /** Most tokens of a micro-batch. */
  public int tokenBudget() {
    return tokenBudget;
  }

  /** Seed of the data order and of all noise. */
  public long seed() {
    return seed;
  }

  /** The order of the data. */
  public DataOrder order() {
    return shuffle ? DataOrder.shuffled(seed) : DataOrder.asIs();
  }

  /** Whether {@link #steps(long)} needs to know how long a pass over the data is. */
  public boolean countsPasses() {
    return steps == 0;
  }

  /**
   * Optimizer steps of the run.
   *
   * @param rowsPerPass examples of a pass over the data; without meaning if the number of steps is
   *     set
   */
  public long steps(long rowsPerPass) {
    return steps > 0
        ? steps
        : Math.max(1, (long) Math.ceil(epochs * Math.ceil((double) rowsPerPass / batchSize)));
  }

  /** What is trained, if somebody said. */
  public Optional<Trainable> trained() {
    return Optional.ofNullable(trainable);
  }

  /**
   * What is trained.
   *
   * @throws UserException if nobody said
   */
  public Trainable trainable() {
    if (trainable == null) {
      throw new UserException("nothing to train: call train(adapter) or trainAll()");
    }
    return trainable;
  }

  /**
   * Fails if the run cannot start: nothing to train, or nothing to evaluate on though that was
   * asked for.
   */
  public void check(boolean hasHeldOut) {
    trainable();
    if (evalEvery > 0 && !hasHeldOut) {
      throw new UserException("evalEvery: there is nothing to evaluate on: give evalData");
    }
  }

  /**
   * Trains.
   *
   * @param steps what {@link #steps(long)} says
   * @param heldOut examples to evaluate on; may be empty
   */
  public <E> TrainingReport run(
      long steps, Source<E> source, Objective<E> objective, List<E> heldOut) {
    check(!heldOut.isEmpty());
    TrainingSettings settings =
        new TrainingSettings(
            steps,
            tokenBudget,
            maxGradNorm,
            schedule,
            evalEvery,
            saveEvery,
            patience,
            seed,
            Optional.ofNullable(output).map(o -> o.resolve("checkpoints")),
            restoreBest != null ? restoreBest : patience > 0,
            keepCheckpoints);
    return new TrainingLoop(settings, optimizer, listeners)
        .run(trainable(), source, objective, heldOut, resume);
  }
}
