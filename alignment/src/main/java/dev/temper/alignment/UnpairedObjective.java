package dev.temper.alignment;

import dev.temper.UserException;
import dev.temper.model.CausalLm;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Rng;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import dev.temper.train.Counts;
import dev.temper.train.LossOutput;
import dev.temper.train.Objective;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Scores labelled completions with the policy and the reference and hands them to a loss.
 *
 * <p>For losses that ask for it, KL(π‖π_ref) is estimated over the whole optimizer step from
 * completions put behind the prompt of the next example (the last one behind the first), and cut at
 * 0 (KTO, arXiv:2402.01306, section 4.1). TRL estimates it in each micro-batch.
 *
 * @param model the policy
 * @param reference what it is compared with; empty for losses that need none
 * @param divergence the estimate for the step; empty before {@link #forStep}
 */
public record UnpairedObjective(
    CausalLm model, UnpairedLoss loss, Optional<Reference> reference, OptionalDouble divergence)
    implements Objective<LabelledExample> {
  /** Checks that there is a reference if the loss needs one. */
  public UnpairedObjective {
    if ((loss.needsReference() || loss.needsDivergence()) && reference.isEmpty()) {
      throw new UserException(
          "the loss compares with a reference policy and there is none: give"
              + " Reference.without(adapter) or Reference.model(copy)");
    }
  }

  /** An objective whose divergence is estimated anew in each step. */
  public UnpairedObjective(CausalLm model, UnpairedLoss loss, Optional<Reference> reference) {
    this(model, loss, reference, OptionalDouble.empty());
  }

  @Override
  public int tokens(LabelledExample example) {
    return example.size();
  }

  @Override
  public String describe(LabelledExample example) {
    return example.origin().toString();
  }

  @Override
  public Counts counts(List<LabelledExample> step) {
    long tokens = step.stream().mapToLong(e -> e.completion().length).sum();
    return new Counts(tokens, step.size(), step.size(), step.size());
  }

  @Override
  public Objective<LabelledExample> forStep(List<List<LabelledExample>> microBatches) {
    if (!loss.needsDivergence()) {
      return this;
    }
    List<LabelledExample> step = microBatches.stream().flatMap(List::stream).toList();
    if (step.size() < 2) {
      throw new UserException(
          "the divergence is estimated by putting completions behind other prompts: a step needs at"
              + " least 2 examples, this one has "
              + step.size());
    }
    double sum = 0;
    int next = 0;
    for (List<LabelledExample> micro : microBatches) {
      List<CompletionBatch.Branches> mismatched = new ArrayList<>();
      for (int i = 0; i < micro.size(); i++) {
        next = (next + 1) % step.size();
        mismatched.add(
            new CompletionBatch.Branches(
                step.get(next).prompt(), List.of(micro.get(i).completion())));
      }
      sum += Scope.run("divergence", () -> logRatio(CompletionBatch.of(mismatched)));
    }
    return new UnpairedObjective(
        model, loss, reference, OptionalDouble.of(Math.max(0, sum / step.size())));
  }

  private double logRatio(CompletionBatch batch) {
    return Autograd.off(
        () -> {
          Tensor other = reference.orElseThrow().logProbs(model, batch);
          return batch.logProbs(model).sub(other).sum().item();
        });
  }

  @Override
  public LossOutput evaluate(List<LabelledExample> microBatch, Rng rng) {
    UnpairedScores scores = score(microBatch);
    return withMetrics(loss.compute(scores), scores);
  }

  private UnpairedScores score(List<LabelledExample> examples) {
    CompletionBatch batch =
        CompletionBatch.of(
            examples.stream()
                .map(e -> new CompletionBatch.Branches(e.prompt(), List.of(e.completion())))
                .toList());
    Optional<Tensor> constant =
        loss.needsReference() ? reference.map(r -> r.logProbs(model, batch)) : Optional.empty();
    Tensor policy = batch.logProbs(model);
    boolean[] desirable = new boolean[examples.size()];
    for (int i = 0; i < desirable.length; i++) {
      desirable[i] = examples.get(i).desirable();
    }
    return new UnpairedScores(
        batch.select(policy, s -> true),
        constant.map(c -> batch.select(c, s -> true)),
        desirable,
        examples.stream().mapToDouble(LabelledExample::score).toArray(),
        divergence.isPresent()
            ? Optional.of(Tensors.scalar(divergence.getAsDouble()))
            : Optional.empty());
  }

  private LossOutput withMetrics(LossOutput output, UnpairedScores in) {
    return Autograd.off(
        () -> {
          double[] rewards =
              loss.reward(in.policy(), in.reference().orElse(in.policy())).toDoubles();
          double[] logProbs = in.policy().sums().toDoubles();
          LossOutput out = output;
          for (boolean side : new boolean[] {true, false}) {
            double reward = 0;
            double logProb = 0;
            int n = 0;
            for (int i = 0; i < rewards.length; i++) {
              if (in.desirable()[i] == side) {
                reward += rewards[i];
                logProb += logProbs[i];
                n++;
              }
            }
            if (n > 0) {
              String name = side ? "chosen" : "rejected";
              out = out.metric("rewards/" + name, reward, n).metric("logps/" + name, logProb, n);
            }
          }
          return divergence.isPresent() ? out.metric("kl", divergence.getAsDouble(), 1) : out;
        });
  }
}
