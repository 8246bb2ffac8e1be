package dev.temper.alignment;

import dev.temper.model.CausalLm;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Tensor;
import dev.temper.train.Switch;

/**
 * The policy that preference losses keep the trained one near to. It never gets a gradient.
 *
 * <p>A lambda is one, for example for log-probabilities that another program computed.
 */
@FunctionalInterface
public interface Reference {
  /**
   * ln p of every completion token under the reference [R], a constant.
   *
   * @param policy the model that is trained
   * @param batch the completions
   */
  Tensor logProbs(CausalLm policy, CompletionBatch batch);

  /** The policy without its adapter: no second model in memory. */
  static Reference without(Switch adapter) {
    return (policy, batch) -> adapter.disabled(() -> Autograd.off(() -> batch.logProbs(policy)));
  }

  /** A model of its own, for example a second copy of the one that is trained; not closed here. */
  static Reference model(CausalLm reference) {
    return (policy, batch) -> Autograd.off(() -> batch.logProbs(reference));
  }
}
