package dev.temper.alignment;

import dev.temper.UserException;
import dev.temper.model.CausalLm;
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
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.IntPredicate;

/**
 * Scores labelled completions with the policy and the reference and hands them to a loss.
 *
 * <p>For losses that ask for it, KL(π‖π_ref) is estimated over the whole optimizer step from
 * completions put behind the prompt of the next example (the last one behind the first), and cut at
 * 0 (KTO, arXiv:2402.01306, section 4.1). TRL estimates it in each micro-batch.
 *
 * @param model the policy
 * @param reference what it is compared with; empty for losses that need none
 * @param seen where the moments of the rewards seen so far are kept; present if and only if the
 *     loss asks for their mean
 * @param step what was found out about the whole step; nothing before {@link #forStep}
 * @param training whether rewards seen count from now on
 */
public record UnpairedObjective(
    CausalLm model,
    UnpairedLoss loss,
    Optional<Reference> reference,
    Optional<Parameter> seen,
    WholeStep step,
    boolean training)
    implements Objective<LabelledExample> {
  /**
   * What is known of a whole step.
   *
   * @param divergence KL(π‖π_ref), not below 0
   * @param moments of all rewards seen, those of the step included
   */
  public record WholeStep(OptionalDouble divergence, Optional<RunningMoments> moments) {
    static final WholeStep UNKNOWN = new WholeStep(OptionalDouble.empty(), Optional.empty());
  }

  /** Checks that there is a reference if the loss needs one. */
  public UnpairedObjective {
    if ((loss.needsReference() || loss.needsDivergence()) && reference.isEmpty()) {
      throw new UserException(
          "the loss compares with a reference policy and there is none: give"
              + " Reference.without(adapter) or Reference.model(copy)");
    }
    if (loss.needsDivergence() && !reference.orElseThrow().scoresAnything()) {
      throw new UserException(
          "the loss estimates the divergence from completions behind other prompts, and"
              + " precomputed log-probabilities do not hold those: give"
              + " Reference.without(adapter), or Reference.model(copy) with a second copy of the"
              + " model");
    }
    if (loss.needsMeanReward() != seen.isPresent()) {
      throw new IllegalArgumentException(
          "seen: " + loss + (loss.needsMeanReward() ? " needs" : " does not need") + " it");
    }
  }

  /** An objective for losses that remember nothing from step to step. */
  public UnpairedObjective(CausalLm model, UnpairedLoss loss, Optional<Reference> reference) {
    this(model, loss, reference, Optional.empty(), WholeStep.UNKNOWN, true);
  }

  /**
   * An objective for losses that use the mean of all rewards seen.
   *
   * @param seen keeps their moments, to be made with {@link #noMoments}; not closed here
   */
  public UnpairedObjective(
      CausalLm model, UnpairedLoss loss, Optional<Reference> reference, Parameter seen) {
    this(model, loss, reference, Optional.of(seen), WholeStep.UNKNOWN, true);
  }

  /** A place for moments, with nothing seen. The caller closes it. */
  public static Parameter noMoments() {
    return RunningMoments.none().toParameter("objective.reward_moments");
  }

  @Override
  public List<Parameter> state() {
    List<Parameter> all = new ArrayList<>(reference.map(Reference::state).orElse(List.of()));
    seen.ifPresent(all::add);
    return all;
  }

  @Override
  public void updated(long done) {
    step.moments().ifPresent(m -> m.assignTo(seen.orElseThrow()));
    reference.ifPresent(r -> r.updated(model, done));
  }

  @Override
  public UnpairedObjective forEvaluation() {
    return new UnpairedObjective(model, loss, reference, seen, WholeStep.UNKNOWN, false);
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
    OptionalDouble kl =
        loss.needsDivergence()
            ? OptionalDouble.of(divergence(microBatches))
            : OptionalDouble.empty();
    Optional<RunningMoments> moments = seen.map(p -> moments(RunningMoments.of(p), microBatches));
    return new UnpairedObjective(
        model, loss, reference, seen, new WholeStep(kl, moments), training);
  }

  /** What held-out data is compared with is the mean seen in training, if anything was seen. */
  private RunningMoments moments(RunningMoments before, List<List<LabelledExample>> microBatches) {
    if (!training && before.count() > 0) {
      return before;
    }
    List<double[]> rewards = new ArrayList<>();
    for (List<LabelledExample> micro : microBatches) {
      rewards.add(
          Scope.run(
              "rewards of the step",
              () ->
                  Autograd.off(
                      () -> {
                        UnpairedScores in = examine(micro).examples();
                        return loss.reward(in.policy(), in.reference().orElse(in.policy()))
                            .toDoubles();
                      })));
    }
    return before.plus(rewards.stream().flatMapToDouble(Arrays::stream).toArray());
  }

  private double divergence(List<List<LabelledExample>> microBatches) {
    List<LabelledExample> whole = microBatches.stream().flatMap(List::stream).toList();
    if (whole.size() < 2) {
      throw new UserException(
          "the divergence is estimated by putting completions behind other prompts: a step needs at"
              + " least 2 examples, this one has "
              + whole.size());
    }
    double sum = 0;
    int next = 0;
    for (List<LabelledExample> micro : microBatches) {
      List<CompletionBatch.Branches> mismatched = new ArrayList<>();
      for (int i = 0; i < micro.size(); i++) {
        next = (next + 1) % whole.size();
        mismatched.add(
            new CompletionBatch.Branches(
                whole.get(next).prompt(), List.of(micro.get(i).completion())));
      }
      sum += Scope.run("divergence", () -> logRatio(CompletionBatch.of(mismatched)));
    }
    return Math.max(0, sum / whole.size());
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
    Examined examined = examine(microBatch);
    return withMetrics(loss.compute(examined.examples()), examined);
  }

  /** What the loss sees, and what the metrics want to know. */
  private record Examined(UnpairedScores examples, CompletionScores policy) {}

  private Examined examine(List<LabelledExample> examples) {
    CompletionBatch batch =
        CompletionBatch.of(examples.stream().map(LabelledExample::branches).toList());
    Optional<Tensor> constant =
        loss.needsReference() ? reference.map(r -> r.logProbs(model, batch)) : Optional.empty();
    CompletionScores policy = CompletionScores.of(model, batch, reference, List.of());
    boolean[] desirable = new boolean[examples.size()];
    for (int i = 0; i < desirable.length; i++) {
      desirable[i] = examples.get(i).desirable();
    }
    UnpairedScores scores =
        new UnpairedScores(
            policy.select(s -> true),
            constant.map(c -> batch.select(c, s -> true)),
            desirable,
            examples.stream().mapToDouble(LabelledExample::score).toArray(),
            step.divergence().isPresent()
                ? Optional.of(Tensors.scalar(step.divergence().getAsDouble()))
                : Optional.empty(),
            step.moments().map(m -> Tensors.scalar(m.mean())));
    return new Examined(scores, policy);
  }

  /** TRL's metrics; {@code kl} is 0 for losses that do not ask for it. */
  private LossOutput withMetrics(LossOutput output, Examined examined) {
    UnpairedScores in = examined.examples();
    CompletionScores policy = examined.policy();
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
              IntPredicate theirs = s -> in.desirable()[s] == side;
              out =
                  out.metric("rewards/" + name, reward, n)
                      .metric("logps/" + name, logProb, n)
                      .metric(
                          "logits/" + name, policy.sumOfMeanLogits(theirs), policy.count(theirs));
            }
          }
          out = out.metric("entropy", policy.sumOfEntropies(s -> true), policy.count(s -> true));
          if (step.moments().isPresent()) {
            out = out.metric("delta", step.moments().get().mean(), 1);
          }
          return out.metric("kl", step.divergence().orElse(0), 1);
        });
  }
}
