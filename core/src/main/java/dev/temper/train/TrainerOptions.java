package dev.temper.train;

import java.nio.file.Path;

/**
 * The settings every trainer has. A trainer implements this by handing out its {@link RunPlan};
 * each method here writes one setting into it and returns the trainer.
 *
 * @param <S> the trainer
 */
public interface TrainerOptions<S extends TrainerOptions<S>> {
  /** The plan these settings are written into. */
  RunPlan plan();

  @SuppressWarnings("unchecked") // S is the class that implements this
  private S self() {
    return (S) this;
  }

  /** Trains these parameters, for example an adapter's. */
  default S train(Trainable what) {
    plan().trainable = what;
    return self();
  }

  /** The optimizer; AdamW with the trainer's own learning rate unless set. */
  default S optimizer(Optimizer.Settings value) {
    plan().optimizer = value;
    return self();
  }

  /** The learning-rate schedule; linear unless set. */
  default S schedule(Schedule value) {
    plan().schedule = value;
    return self();
  }

  /** Passes over the data. */
  default S epochs(double value) {
    plan().epochs = value;
    return self();
  }

  /** Optimizer steps; 0 lets {@link #epochs} decide. */
  default S steps(long value) {
    plan().steps = value;
    return self();
  }

  /** Examples a step. */
  default S batchSize(int value) {
    plan().batchSize = value;
    return self();
  }

  /** Most tokens of a micro-batch: sets peak memory and changes nothing else. */
  default S tokenBudget(int value) {
    plan().tokenBudget = value;
    return self();
  }

  /** Gradients are clipped to this global norm; 0 switches clipping off. */
  default S maxGradNorm(double value) {
    plan().maxGradNorm = value;
    return self();
  }

  /** Steps between evaluations. */
  default S evalEvery(long value) {
    plan().evalEvery = value;
    return self();
  }

  /** Steps between checkpoints. */
  default S saveEvery(long value) {
    plan().saveEvery = value;
    return self();
  }

  /**
   * Evaluations without improvement before training stops; {@link #restoreBest} is on then, unless
   * set otherwise.
   */
  default S patience(int value) {
    plan().patience = value;
    return self();
  }

  /**
   * Whether the model ends with the weights of the best evaluation; unless set, if it may stop
   * early. (transformers' {@code load_best_model_at_end} is off unless set, but its early stopping
   * asks for it.)
   */
  default S restoreBest(boolean value) {
    plan().restoreBest = value;
    return self();
  }

  /** How many of the newest checkpoints stay on disk; 1 unless set. */
  default S keepCheckpoints(int value) {
    plan().keepCheckpoints = value;
    return self();
  }

  /** Seed of the data order and of all noise. */
  default S seed(long value) {
    plan().seed = value;
    return self();
  }

  /** Whether the data is shuffled each epoch; it is unless set. */
  default S shuffle(boolean value) {
    plan().shuffle = value;
    return self();
  }

  /** Directory for checkpoints. */
  default S output(Path value) {
    plan().output = value;
    return self();
  }

  /** Goes on from the last checkpoint in the output directory, if there is one. */
  default S resume(boolean value) {
    plan().resume = value;
    return self();
  }

  /** Adds a listener. */
  default S listener(TrainingListener value) {
    plan().listeners.add(value);
    return self();
  }
}
