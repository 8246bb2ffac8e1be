package dev.temper.alignment;

import dev.temper.UserException;
import dev.temper.model.CausalLm;
import dev.temper.model.Head;
import dev.temper.model.HeadMap;
import dev.temper.model.LogProbs;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * What the policy says of the completions of a batch.
 *
 * @param tokens log-probabilities, entropies and hits of all completion tokens
 * @param meanLogits the mean score over the vocabulary at each of them, for metrics [R]
 * @param statistics what the loss asked for [R] each
 */
record CompletionScores(
    CompletionBatch batch,
    LogProbs.Scored tokens,
    double[] meanLogits,
    Map<TokenStatistic, Tensor> statistics) {
  static CompletionScores of(
      CausalLm policy,
      CompletionBatch batch,
      Optional<Reference> reference,
      List<TokenStatistic> wanted) {
    Tensor body = batch.hidden(policy);
    // Several gradients come back to the hidden states; they are added up before they go on.
    Tensor hidden =
        wanted.isEmpty() || !body.requiresGradient()
            ? body
            : Autograd.stage(
                body,
                List.of(body),
                gradient -> Autograd.backward(List.of(body), List.of(gradient)));
    Map<TokenStatistic, Tensor> statistics = new LinkedHashMap<>();
    for (TokenStatistic statistic : wanted) {
      statistics.computeIfAbsent(statistic, s -> statistic(s, policy, batch, hidden, reference));
    }
    return new CompletionScores(
        batch,
        LogProbs.scored(policy.head(), hidden, batch.targets()),
        meanLogits(policy.head(), hidden.detach()),
        statistics);
  }

  private static Tensor statistic(
      TokenStatistic statistic,
      CausalLm policy,
      CompletionBatch batch,
      Tensor hidden,
      Optional<Reference> reference) {
    List<Tensor> keep = new ArrayList<>();
    Tensor targets = Tensors.ofInts(batch.targets());
    keep.add(targets);
    Optional<Reference.States> other =
        statistic.needsReference()
            ? Optional.of(states(statistic, policy, batch, reference))
            : Optional.empty();
    other.ifPresent(o -> keep.add(o.hidden()));
    HeadMap.RowFunction function =
        (scores, from, to) ->
            statistic.compute(
                new TokenStatistic.Distributions(
                    scores,
                    other.map(
                        o ->
                            Autograd.off(
                                () -> o.head().logits(o.hidden().slice(0, from, to)).detach())),
                    targets.slice(0, from, to)));
    return statistic.isDifferentiable()
        ? HeadMap.of(policy.head(), hidden, keep, function)
        : HeadMap.constant(policy.head(), hidden.detach(), function);
  }

  private static Reference.States states(
      TokenStatistic statistic,
      CausalLm policy,
      CompletionBatch batch,
      Optional<Reference> reference) {
    return reference
        .flatMap(r -> r.states(policy, batch))
        .orElseThrow(
            () ->
                new UserException(
                    statistic
                        + " needs the reference's whole distributions, which precomputed"
                        + " log-probabilities do not hold: give Reference.without(adapter) or"
                        + " Reference.model(copy)"));
  }

  /** mean_v(h · w_v) = h · mean_v(w_v): no scores are needed. */
  private static double[] meanLogits(Head head, Tensor hidden) {
    return Autograd.off(
            () -> hidden.matMul(head.weight().value().detach().mean(0, false).unsqueeze(1)))
        .toDoubles();
  }

  /** The scores of some of the completions. */
  SequenceScores select(IntPredicate wanted) {
    return batch.select(tokens.logProbs(), statistics, wanted);
  }

  /** Mean score over the vocabulary, summed over the tokens of some completions. */
  double sumOfMeanLogits(IntPredicate wanted) {
    return sum(meanLogits, wanted);
  }

  /** Entropies, summed over the tokens of some completions. */
  double sumOfEntropies(IntPredicate wanted) {
    return sum(tokens.entropy().toDoubles(), wanted);
  }

  /** Tokens of some completions that were the most probable. */
  double hits(IntPredicate wanted) {
    return sum(tokens.correct().toDoubles(), wanted);
  }

  /** Tokens of some completions. */
  int count(IntPredicate wanted) {
    int n = 0;
    for (int sequence : batch.sequences()) {
      n += wanted.test(sequence) ? 1 : 0;
    }
    return n;
  }

  private double sum(double[] values, IntPredicate wanted) {
    double out = 0;
    for (int r = 0; r < values.length; r++) {
      out += wanted.test(batch.sequences()[r]) ? values[r] : 0;
    }
    return out;
  }
}
