package dev.temper.alignment;

import dev.temper.tensor.Autograd;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import dev.temper.train.Counts;
import dev.temper.train.LossOutput;
import dev.temper.train.Objective;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * A step of a loss that couples its pairs, cut into micro-batches, exactly.
 *
 * <p>A first pass without gradients finds the log-probability of every token of the step. The loss
 * over that table has a gradient for each token; each micro-batch then sends its tokens their part.
 * The price is one more forward pass.
 *
 * @param pairs pairs of the step
 * @param terms the terms of the loss over the whole step
 */
record CoupledPreferences(PreferenceObjective objective, int pairs, List<StepTerm> terms)
    implements Objective<PairExample> {
  /**
   * One term of the loss.
   *
   * @param sum Σ values · weights over the step
   * @param gradients its gradient with respect to each token's log-probability, by pair: the chosen
   *     completion's tokens, then the rejected one's
   */
  private record StepTerm(
      String name,
      LossOutput.Per per,
      double sum,
      IdentityHashMap<PairExample, double[]> gradients) {}

  static CoupledPreferences of(
      PreferenceObjective objective, List<List<PairExample>> microBatches) {
    List<PairExample> step = microBatches.stream().flatMap(List::stream).toList();
    List<StepTerm> terms =
        Scope.run(
            "whole step",
            () -> {
              List<PairScores> parts = new ArrayList<>();
              for (List<PairExample> micro : microBatches) {
                parts.add(Autograd.off(() -> objective.score(micro)));
              }
              return Autograd.record(
                  () -> differentiate(objective.loss(), step, PairScores.concat(parts)));
            });
    return new CoupledPreferences(objective, step.size(), terms);
  }

  private static List<StepTerm> differentiate(
      PreferenceLoss loss, List<PairExample> step, PairScores table) {
    List<StepTerm> out = new ArrayList<>();
    try (Parameter chosen = leaf("chosen", table.chosen());
        Parameter rejected = leaf("rejected", table.rejected())) {
      int count = 1;
      for (int k = 0; k < count; k++) { // the graph is used up by each backward pass
        LossOutput output =
            loss.compute(
                table.withPolicy(
                    table.chosen().withTokens(chosen.value()),
                    table.rejected().withTokens(rejected.value())));
        count = output.terms().size();
        LossOutput.Term term = output.terms().get(k);
        Tensor sum = term.values().mul(term.weights()).sum();
        if (sum.requiresGradient()) {
          Autograd.backward(sum);
        }
        out.add(
            new StepTerm(
                term.name(),
                term.per(),
                sum.item(),
                byPair(step, gradient(chosen), gradient(rejected))));
        chosen.zeroGradient();
        rejected.zeroGradient();
      }
    }
    return List.copyOf(out);
  }

  private static Parameter leaf(String name, SequenceScores scores) {
    Parameter p = Parameter.of(name, scores.tokens().detach());
    p.setTrainable(true);
    return p;
  }

  private static double[] gradient(Parameter p) {
    return p.gradient().orElseGet(() -> Tensors.zerosLike(p.value())).toDoubles();
  }

  private static IdentityHashMap<PairExample, double[]> byPair(
      List<PairExample> step, double[] chosen, double[] rejected) {
    IdentityHashMap<PairExample, double[]> out = new IdentityHashMap<>();
    int c = 0;
    int r = 0;
    for (PairExample pair : step) {
      int n = pair.chosen().length;
      int m = pair.rejected().length;
      double[] both = Arrays.copyOf(Arrays.copyOfRange(chosen, c, c + n), n + m);
      System.arraycopy(rejected, r, both, n, m);
      out.put(pair, both);
      c += n;
      r += m;
    }
    return out;
  }

  @Override
  public LossOutput evaluate(List<PairExample> microBatch, Rng rng) {
    PreferenceObjective.Examined examined = objective.examine(microBatch);
    PairScores scores = examined.pairs();
    List<LossOutput.Term> parts = new ArrayList<>();
    for (StepTerm term : terms) {
      Tensor change =
          dot(scores.chosen().tokens(), term, microBatch, true)
              .add(dot(scores.rejected().tokens(), term, microBatch, false));
      double share = term.sum() * microBatch.size() / pairs;
      Tensor value = change.sub(change.detach()).add(share).reshape(1);
      parts.add(new LossOutput.Term(term.name(), value, Tensors.onesLike(value), term.per()));
    }
    return objective.withMetrics(new LossOutput(parts, Map.of()), examined);
  }

  /** Σ over tokens of their log-probability times the gradient the step's loss has there. */
  private static Tensor dot(
      Tensor tokens, StepTerm term, List<PairExample> microBatch, boolean chosen) {
    double[] factors = new double[(int) tokens.dim(0)];
    int at = 0;
    for (PairExample pair : microBatch) {
      double[] both =
          java.util.Objects.requireNonNull(
              term.gradients().get(pair), "a pair that is not of this step");
      int from = chosen ? 0 : pair.chosen().length;
      int n = chosen ? pair.chosen().length : pair.rejected().length;
      System.arraycopy(both, from, factors, at, n);
      at += n;
    }
    return tokens.mul(Tensors.of(factors, factors.length).cast(tokens.dtype())).sum();
  }

  @Override
  public List<Parameter> state() {
    return objective.state();
  }

  @Override
  public void updated(long step) {
    objective.updated(step);
  }

  @Override
  public int tokens(PairExample example) {
    return objective.tokens(example);
  }

  @Override
  public String describe(PairExample example) {
    return objective.describe(example);
  }

  @Override
  public Counts counts(List<PairExample> step) {
    return objective.counts(step);
  }
}
