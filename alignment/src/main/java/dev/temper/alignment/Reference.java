package dev.temper.alignment;

import dev.temper.model.CausalLm;
import dev.temper.model.Head;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Tensor;
import dev.temper.train.Switch;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The policy a preference is relative to. It never gets a gradient.
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

  /**
   * What whole distributions can be computed from.
   *
   * @param head the reference's head
   * @param hidden its final hidden states where a completion token is predicted [R, D]
   */
  record States(Head head, Tensor hidden) {}

  /** For losses that look at whole distributions; empty if this reference keeps none. */
  default Optional<States> states(CausalLm policy, CompletionBatch batch) {
    return Optional.empty();
  }

  /**
   * This reference ready for a run: checked against the policy, and what can be computed before
   * training is. Trainers call it before the first step.
   *
   * @param policy the model as it is before training
   * @param trained the parameters that will be trained
   * @param data every prompt and completion it will be asked for
   * @param tokenBudget most tokens of a forward pass
   */
  default Reference prepared(
      CausalLm policy,
      List<Parameter> trained,
      List<CompletionBatch.Branches> data,
      int tokenBudget) {
    return this;
  }

  /** Values that follow the policy, to be saved with checkpoints; most references have none. */
  default List<Parameter> state() {
    return List.of();
  }

  /** Called when the policy's weights have changed in {@code step}. */
  default void updated(CausalLm policy, long step) {}

  /** Whether log-probabilities of completions behind other prompts can be asked for. */
  default boolean scoresAnything() {
    return true;
  }

  /** The policy without its adapter: no second model in memory. */
  static Reference without(Switch adapter) {
    return new Reference() {
      @Override
      public Tensor logProbs(CausalLm policy, CompletionBatch batch) {
        return adapter.disabled(() -> Autograd.off(() -> batch.logProbs(policy)));
      }

      @Override
      public Optional<States> states(CausalLm policy, CompletionBatch batch) {
        return Optional.of(
            new States(
                policy.head(), adapter.disabled(() -> Autograd.off(() -> batch.hidden(policy)))));
      }
    };
  }

  /** A model of its own, for example a second copy of the one that is trained; not closed here. */
  static Reference model(CausalLm reference) {
    return new ModelReference(reference, OptionalInt.empty(), 1);
  }

  /**
   * A reference that follows the policy: every {@code everySteps} steps its weights become {@code
   * alpha} · policy + (1 − {@code alpha}) · reference (TR-DPO, Gorbatovski et al. 2024,
   * arXiv:2404.09656, eq. 3 and 4). {@code alpha} = 1 is their hard update. TRL's defaults are 512
   * steps and 0.6.
   *
   * @param copy a second copy of the model, which is changed; not closed here
   */
  static Reference moving(CausalLm copy, int everySteps, double alpha) {
    return new ModelReference(copy, OptionalInt.of(everySteps), alpha);
  }

  /**
   * The policy as it is before training: log-probabilities of all examples are computed once and
   * kept in memory, so that no second model is needed.
   */
  static PrecomputedReference precomputed() {
    return new PrecomputedReference(Optional.empty(), Optional.empty());
  }

  /** The same by another reference, which can be closed when training starts. */
  static PrecomputedReference precomputed(CausalLm by) {
    return new PrecomputedReference(Optional.of(by), Optional.empty());
  }
}
