package dev.temper.train;

import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
import java.util.List;

/** What is trained: a model's parameters or an adapter's. */
public interface Trainable {
  /** The parameters the optimizer updates, each once, with stable names. */
  List<Parameter> parameters();

  /**
   * Called before each micro-batch of training; {@code rng} is a function of seed, step and
   * micro-batch.
   */
  default void beginMicroBatch(Rng rng) {}

  /** Called before evaluation and when training ends: no dropout from here on. */
  default void evaluationMode() {}

  /** A plain list of parameters. */
  static Trainable of(List<Parameter> parameters) {
    List<Parameter> copy = List.copyOf(parameters);
    return new Trainable() {
      @Override
      public List<Parameter> parameters() {
        return copy;
      }
    };
  }
}
