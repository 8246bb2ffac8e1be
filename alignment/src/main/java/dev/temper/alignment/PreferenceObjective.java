package dev.temper.alignment;

import dev.temper.UserException;
import dev.temper.model.CausalLm;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
import dev.temper.tensor.Tensor;
import dev.temper.train.Counts;
import dev.temper.train.LossOutput;
import dev.temper.train.Objective;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * Scores pairs with the policy and the reference and hands them to a loss. The prompt of a pair is
 * computed once for both completions.
 *
 * @param model the policy
 * @param reference what it is compared with; empty for losses that need none
 */
public record PreferenceObjective(
    CausalLm model, PreferenceLoss loss, Optional<Reference> reference)
    implements Objective<PairExample> {
  /** Checks that there is a reference if the loss needs one. */
  public PreferenceObjective {
    if (loss.needsReference() && reference.isEmpty()) {
      throw new UserException(
          "the loss compares with a reference policy and there is none: give"
              + " Reference.without(adapter) or Reference.model(copy), or use a loss without one"
              + " (SimPO, ORPO, CPO)");
    }
    if (loss.couplesPairs() && !loss.statistics().isEmpty()) {
      throw new UserException(
          loss
              + " couples the pairs of a step and looks at whole distributions: this combination is"
              + " not available");
    }
  }

  @Override
  public List<Parameter> state() {
    return reference.map(Reference::state).orElse(List.of());
  }

  @Override
  public void updated(long step) {
    reference.ifPresent(r -> r.updated(model, step));
  }

  @Override
  public int tokens(PairExample example) {
    return example.size();
  }

  @Override
  public String describe(PairExample example) {
    return example.origin().toString();
  }

  @Override
  public Counts counts(List<PairExample> step) {
    long chosenTokens = step.stream().mapToLong(e -> e.chosen().length).sum();
    return new Counts(chosenTokens, 2.0 * step.size(), step.size(), step.size());
  }

  @Override
  public Objective<PairExample> forStep(List<List<PairExample>> microBatches) {
    boolean exact = !loss.couplesPairs() || microBatches.size() == 1;
    return exact ? this : CoupledPreferences.of(this, microBatches);
  }

  @Override
  public LossOutput evaluate(List<PairExample> microBatch, Rng rng) {
    Examined examined = examine(microBatch);
    return withMetrics(loss.compute(examined.pairs()), examined);
  }

  /** What the policy and the reference say of pairs; differentiable in the policy. */
  public PairScores score(List<PairExample> pairs) {
    return examine(pairs).pairs();
  }

  /** The same, with what the metrics want to know. */
  record Examined(PairScores pairs, CompletionScores policy) {}

  Examined examine(List<PairExample> pairs) {
    CompletionBatch batch = CompletionBatch.of(pairs.stream().map(PairExample::branches).toList());
    Optional<Tensor> constant =
        loss.needsReference() ? reference.map(r -> r.logProbs(model, batch)) : Optional.empty();
    CompletionScores policy = CompletionScores.of(model, batch, reference, loss.statistics());
    PairScores scores =
        new PairScores(
            policy.select(PreferenceObjective::isChosen),
            policy.select(s -> !isChosen(s)),
            constant.map(c -> batch.select(c, PreferenceObjective::isChosen)),
            constant.map(c -> batch.select(c, s -> !isChosen(s))),
            labels(pairs));
    return new Examined(scores, policy);
  }

  private static boolean isChosen(int sequence) {
    return sequence % 2 == 0;
  }

  private static PairLabels labels(List<PairExample> pairs) {
    return new PairLabels(
        pairs.stream().mapToDouble(PairExample::margin).toArray(),
        pairs.stream().mapToDouble(PairExample::chosenScore).toArray(),
        pairs.stream().mapToDouble(PairExample::rejectedScore).toArray());
  }

  /**
   * TRL's metrics. Means over tokens are over all tokens of the step; TRL averages the means of its
   * micro-batches.
   */
  LossOutput withMetrics(LossOutput output, Examined examined) {
    PairScores in = examined.pairs();
    CompletionScores policy = examined.policy();
    IntPredicate isChosen = PreferenceObjective::isChosen;
    return Autograd.off(
        () -> {
          double[] chosen =
              loss.reward(in.chosen(), in.referenceChosen().orElse(in.chosen())).toDoubles();
          double[] rejected =
              loss.reward(in.rejected(), in.referenceRejected().orElse(in.rejected())).toDoubles();
          double chosenSum = 0;
          double rejectedSum = 0;
          double right = 0;
          for (int i = 0; i < chosen.length; i++) {
            chosenSum += chosen[i];
            rejectedSum += rejected[i];
            right += chosen[i] > rejected[i] ? 1 : 0;
          }
          double n = chosen.length;
          return output
              .metric("rewards/chosen", chosenSum, n)
              .metric("rewards/rejected", rejectedSum, n)
              .metric("rewards/accuracies", right, n)
              .metric("rewards/margins", chosenSum - rejectedSum, n)
              .metric("logps/chosen", in.chosen().sums().sum().item(), n)
              .metric("logps/rejected", in.rejected().sums().sum().item(), n)
              .metric("logits/chosen", policy.sumOfMeanLogits(isChosen), policy.count(isChosen))
              .metric(
                  "logits/rejected",
                  policy.sumOfMeanLogits(isChosen.negate()),
                  policy.count(isChosen.negate()))
              .metric("entropy", policy.sumOfEntropies(s -> true), policy.count(s -> true))
              .metric("mean_token_accuracy", policy.hits(isChosen), policy.count(isChosen));
        });
  }
}
