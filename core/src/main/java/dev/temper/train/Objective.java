package dev.temper.train;

import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
import java.util.List;

/**
 * What is optimised: turns examples into unreduced losses. The loop decides how a step is cut into
 * micro-batches.
 *
 * @param <E> an example
 */
public interface Objective<E> {
  /** Tokens an example costs, for cutting micro-batches by budget. */
  int tokens(E example);

  /** Where an example came from, for error messages. */
  String describe(E example);

  /** Normalisers of a whole step. */
  Counts counts(List<E> step);

  /** Losses of a micro-batch; {@code rng} is a function of seed, step and micro-batch. */
  LossOutput evaluate(List<E> microBatch, Rng rng);

  /**
   * This objective for one step whose cut into micro-batches is known: where a loss needs something
   * of the whole step (a divergence, an order of all margins), it is computed here, without
   * gradients, and the objective returned knows it. Called before the first micro-batch.
   */
  default Objective<E> forStep(List<List<E>> microBatches) {
    return this;
  }

  /**
   * This objective without what only training wants, such as noise: how held-out data is scored.
   */
  default Objective<E> forEvaluation() {
    return this;
  }

  /**
   * F32 values that change in the course of training though no gradient reaches them, such as
   * running means or a reference policy that follows: they are saved with each checkpoint and put
   * back on resuming. The same parameters every time, with stable names.
   */
  default List<Parameter> state() {
    return List.of();
  }

  /**
   * Called on the objective {@link #forStep} returned once the weights have changed: the only place
   * where {@link #state} may change, so that a step that is refused leaves no trace.
   *
   * @param step optimizer steps done, this one included
   */
  default void updated(long step) {}
}
