package dev.temper.train;

import dev.temper.tensor.Parameter;
import java.util.List;

/**
 * Updates parameters from their gradients. Its state is parameters too, saved with every
 * checkpoint.
 */
public interface Optimizer extends AutoCloseable {
  /**
   * One update; {@code learningRate} comes from the schedule. Parameters without a gradient stay as
   * they are.
   */
  void step(double learningRate);

  /** The state (moments), with stable names. */
  List<Parameter> state();

  /** Number of updates made. */
  long steps();

  /** Continues after {@code steps} updates whose state has been restored. */
  void resume(long steps);

  @Override
  void close();

  /** Settings of an optimizer. */
  interface Settings {
    /** Peak learning rate; the schedule multiplies it. */
    double learningRate();

    /** A fresh optimizer for these parameters. */
    Optimizer create(List<Parameter> parameters);
  }
}
