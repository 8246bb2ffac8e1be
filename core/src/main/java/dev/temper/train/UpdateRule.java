package dev.temper.train;

import dev.temper.tensor.Parameter;
import dev.temper.tensor.Tensor;
import java.util.List;

/** The arithmetic of an optimizer; {@link RuleOptimizer} does the rest. */
interface UpdateRule {
  /** Fresh state of a parameter: as many tensors for all parameters of the same rank. */
  List<Parameter> state(Parameter parameter);

  /** Weight decay of a parameter. */
  double decay(Parameter parameter);

  /**
   * Updates parameters that have the same decay and the same kind of state, in place.
   *
   * @param step counts from 1
   */
  void update(Batch batch, double learningRate, double decay, long step);

  /**
   * Parameters with their gradients.
   *
   * @param state for each tensor of state, those of all parameters in order
   */
  record Batch(List<Tensor> parameters, List<Tensor> gradients, List<List<Tensor>> state) {}
}
