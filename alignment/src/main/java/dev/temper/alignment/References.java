package dev.temper.alignment;

import dev.temper.model.CausalLm;
import dev.temper.tensor.Autograd;
import dev.temper.train.RunPlan;
import dev.temper.train.Switch;
import dev.temper.train.Trainable;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The reference of a trainer: the one that was given, or the one that follows from what is trained.
 */
final class References {
  private final CausalLm model;
  private @Nullable Reference given;
  private @Nullable Reference ready;

  References(CausalLm model) {
    this.model = model;
  }

  void set(Reference value) {
    given = value;
    ready = null;
  }

  /**
   * The reference, prepared once.
   *
   * @param data what it will be asked for; read only if needed
   */
  Reference resolve(RunPlan plan, Supplier<List<CompletionBatch.Branches>> data) {
    Reference known = ready;
    if (known != null) {
      return known;
    }
    Optional<Trainable> trained = plan.trained();
    if (trained.isEmpty() && given == null) {
      // Nothing has been trained and nothing will be: the policy is its own reference.
      return (policy, batch) -> Autograd.off(() -> batch.logProbs(policy));
    }
    Reference chosen = given != null ? given : byDefault(trained.orElseThrow());
    known =
        chosen.prepared(
            model,
            trained.map(Trainable::parameters).orElse(List.of()),
            data.get(),
            plan.tokenBudget());
    if (trained.isPresent()) {
      ready = known;
    }
    return known;
  }

  private static Reference byDefault(Trainable trained) {
    return trained instanceof Switch adapter ? Reference.without(adapter) : Reference.precomputed();
  }
}
