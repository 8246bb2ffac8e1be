package dev.temper.alignment;

import dev.temper.UserException;
import dev.temper.model.CausalLm;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.text.Tokenizer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A second model as the reference, frozen or following the policy.
 *
 * @param everySteps steps between two updates; empty: frozen
 * @param alpha the policy's share in an update
 */
record ModelReference(CausalLm model, OptionalInt everySteps, double alpha) implements Reference {
  /** A text with letters, digits, white space and signs: tokenizers that differ cut it apart. */
  private static final String PROBE = "The 12 quick brown foxes;\n\tnaïve — (x_1 == 42)? Übung!";

  ModelReference {
    if (everySteps.isPresent() && everySteps.getAsInt() < 1) {
      throw new IllegalArgumentException(
          "everySteps: " + everySteps.getAsInt() + " must be at least 1");
    }
    if (!(alpha > 0) || alpha > 1) {
      throw new IllegalArgumentException(
          "alpha: " + alpha + " must be above 0 and at most 1, the policy's share in an update");
    }
  }

  @Override
  public Tensor logProbs(CausalLm policy, CompletionBatch batch) {
    return Autograd.off(() -> batch.logProbs(model));
  }

  @Override
  public Optional<States> states(CausalLm policy, CompletionBatch batch) {
    return Optional.of(new States(model.head(), Autograd.off(() -> batch.hidden(model))));
  }

  @Override
  public Reference prepared(
      CausalLm policy,
      List<Parameter> trained,
      List<CompletionBatch.Branches> data,
      int tokenBudget) {
    requireSameTokens(policy, model);
    if (everySteps.isPresent()) {
      Map<String, Parameter> theirs = byName(policy);
      for (Parameter p : model.parameters()) {
        Parameter other = theirs.get(p.name());
        if (other == null || !other.shape().equals(p.shape())) {
          throw new UserException(
              "a moving reference must be a copy of the policy: its '"
                  + p.name()
                  + "' "
                  + p.shape()
                  + (other == null ? " is missing there" : " is " + other.shape() + " there"));
        }
      }
      if (policy.parameters().stream().noneMatch(trained::contains)) {
        throw new UserException(
            "a moving reference follows the model's weights, and only an adapter is trained: use"
                + " trainAll(), or Reference.without(adapter)");
      }
    }
    return this;
  }

  /** Fails unless a token id means the same to both models. */
  static void requireSameTokens(CausalLm policy, CausalLm reference) {
    if (policy.spec().vocabulary() != reference.spec().vocabulary()) {
      throw new UserException(
          "the reference "
              + reference.source()
              + " has a vocabulary of "
              + reference.spec().vocabulary()
              + " and the policy "
              + policy.source()
              + " one of "
              + policy.spec().vocabulary()
              + ": log-probabilities of their tokens cannot be compared; use a reference with the"
              + " policy's tokenizer");
    }
    if (policy.hasTokenizer() && reference.hasTokenizer()) {
      Tokenizer ours = policy.tokenizer();
      Tokenizer theirs = reference.tokenizer();
      if (ours.vocabularySize() != theirs.vocabularySize()
          || !java.util.Arrays.equals(ours.ids(PROBE), theirs.ids(PROBE))) {
        throw new UserException(
            "the reference "
                + reference.source()
                + " has another tokenizer than the policy "
                + policy.source()
                + ": log-probabilities of their tokens cannot be compared");
      }
    }
  }

  @Override
  public List<Parameter> state() {
    return everySteps.isPresent() ? model.parameters() : List.of();
  }

  @Override
  public void updated(CausalLm policy, long step) {
    if (everySteps.isEmpty() || step % everySteps.getAsInt() != 0) {
      return;
    }
    Map<String, Parameter> theirs = byName(policy);
    for (Parameter p : model.parameters()) {
      Parameter other = java.util.Objects.requireNonNull(theirs.get(p.name()), p.name());
      Scope.run(
          "reference update",
          () ->
              Autograd.off(
                  () -> {
                    Tensor now = other.value().mul(alpha);
                    p.assign(alpha == 1 ? now : now.add(p.value().mul(1 - alpha)));
                    return true;
                  }));
    }
  }

  private static Map<String, Parameter> byName(CausalLm model) {
    Map<String, Parameter> out = new LinkedHashMap<>();
    model.parameters().forEach(p -> out.put(p.name(), p));
    return out;
  }
}
