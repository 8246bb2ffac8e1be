package dev.temper.alignment;

import dev.temper.UserException;
import dev.temper.alignment.loss.KtoLoss;
import dev.temper.data.RowView;
import dev.temper.data.TypedRows;
import dev.temper.model.CausalLm;
import dev.temper.tensor.Parameter;
import dev.temper.train.AdamW;
import dev.temper.train.RunPlan;
import dev.temper.train.Trainable;
import dev.temper.train.TrainingReport;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Training on single completions that are good or bad: KTO, BCO, APO-zero, UNA.
 *
 * <pre>{@code
 * UnpairedPreferenceTrainer.of(model)
 *     .train(adapter)
 *     .loss(new KtoLoss(0.1))
 *     .data(Path.of("judged.jsonl"))
 *     .run();
 * }</pre>
 *
 * <p>Rows have {@code prompt}, {@code completion} and {@code label}; pairs give one good and one
 * bad completion each. Defaults are TRL's: KTO with β = 0.1, AdamW at 1e-6, 1,024 tokens.
 *
 * <p>Both kinds must be there. KTO asks that λ_D · desirable / (λ_U · undesirable) is from 1 to 4/3
 * (arXiv:2402.01306, eq. 9); outside of that the trainer warns.
 */
public final class UnpairedPreferenceTrainer
    implements ExampleTrainer<UnpairedPreferenceTrainer, LabelledExample> {
  private static final Logger LOG = LoggerFactory.getLogger(UnpairedPreferenceTrainer.class);
  private static final double LEAST_RATIO = 1;
  private static final double GREATEST_RATIO = 4 / 3.0;

  private final CausalLm model;
  private final RunPlan plan = new RunPlan(AdamW.learningRate(1e-6));
  private final ExampleData<LabelledExample> examples;
  private final References references;
  private UnpairedLoss loss = new KtoLoss(0.1);
  private RunningMoments moments = RunningMoments.none();

  private UnpairedPreferenceTrainer(CausalLm model) {
    this.model = model;
    this.examples = new ExampleData<>(new Labelled(model), model.spec().contextLength());
    this.references = new References(model);
  }

  /** A trainer with TRL's defaults. */
  public static UnpairedPreferenceTrainer of(CausalLm model) {
    return new UnpairedPreferenceTrainer(model);
  }

  @Override
  public RunPlan plan() {
    return plan;
  }

  @Override
  public ExampleData<LabelledExample> examples() {
    return examples;
  }

  /** Trains all weights of the model. */
  public UnpairedPreferenceTrainer trainAll() {
    model.trainAll();
    return train(Trainable.of(model.parameters()));
  }

  /** The loss; KTO with β = 0.1 unless set. A lambda will do. */
  public UnpairedPreferenceTrainer loss(UnpairedLoss value) {
    loss = value;
    return this;
  }

  /**
   * What the policy is compared with. Unless set it is the policy before training: the model
   * without its adapter if an adapter is trained, else {@link Reference#precomputed()}. Losses that
   * estimate the divergence (KTO) need a reference that can score completions behind other prompts:
   * with full weights, give {@link Reference#model} a second copy.
   */
  public UnpairedPreferenceTrainer reference(Reference value) {
    references.set(value);
    return this;
  }

  /** Desirable examples among the training data. */
  public int desirable() {
    return (int) examples.examples().stream().filter(LabelledExample::desirable).count();
  }

  @Override
  public UnpairedObjective objective() {
    if (loss.needsMeanReward()) {
      throw new IllegalStateException("an objective that remembers rewards belongs to a run");
    }
    return new UnpairedObjective(model, loss, reference());
  }

  private Optional<Reference> reference() {
    return loss.needsReference() || loss.needsDivergence()
        ? Optional.of(references.resolve(plan, examples::branches))
        : Optional.empty();
  }

  @Override
  public dev.temper.train.Evaluation evaluation() {
    if (!loss.needsMeanReward()) {
      return ExampleTrainer.super.evaluation();
    }
    if (heldOut().isEmpty()) {
      throw new UserException("there is nothing to evaluate on: give evalData");
    }
    try (Parameter seen = UnpairedObjective.noMoments()) {
      moments.assignTo(seen);
      return dev.temper.train.TrainingLoop.evaluate(
          new UnpairedObjective(model, loss, reference(), seen), heldOut(), plan.tokenBudget());
    }
  }

  @Override
  public TrainingReport run() {
    plan.check(!heldOut().isEmpty());
    warnOfWeights();
    if (!loss.needsMeanReward()) {
      return plan.run(plannedSteps(), examples.source(plan), objective(), heldOut());
    }
    try (Parameter seen = UnpairedObjective.noMoments()) {
      UnpairedObjective objective = new UnpairedObjective(model, loss, reference(), seen);
      TrainingReport report = plan.run(plannedSteps(), examples.source(plan), objective, heldOut());
      moments = RunningMoments.of(seen);
      return report;
    }
  }

  private void warnOfWeights() {
    if (loss instanceof KtoLoss kto) {
      int good = desirable();
      int bad = size() - good;
      double ratio = kto.desirableWeight() * good / (kto.undesirableWeight() * bad);
      if (ratio < LEAST_RATIO - 1e-9 || ratio > GREATEST_RATIO + 1e-9) {
        LOG.warn("{}", weightAdvice(kto, good, bad, ratio));
      }
    }
  }

  private static String weightAdvice(KtoLoss kto, int good, int bad, double ratio) {
    double unit = kto.undesirableWeight() * bad / good;
    return String.format(
        Locale.ROOT,
        "%d desirable and %d undesirable examples: their weights give a ratio of %.3f, KTO asks for"
            + " 1 to 1.33; choose a desirable weight from %.2f to %.2f",
        good,
        bad,
        ratio,
        LEAST_RATIO * unit,
        GREATEST_RATIO * unit);
  }

  /** Labelled completions of files. */
  private record Labelled(CausalLm model) implements ExampleKind<LabelledExample> {
    @Override
    public List<LabelledExample> read(Path file) {
      PreferenceEncoder encoder =
          new PreferenceEncoder(model::tokenizer, model.spec().vocabulary());
      return TypedRows.load(file, RowView.BINARY).stream().map(encoder::encode).toList();
    }

    @Override
    public Optional<LabelledExample> cut(LabelledExample example, int maxLength) {
      return example.cut(maxLength);
    }

    @Override
    public CompletionBatch.Branches branches(LabelledExample example) {
      return example.branches();
    }

    @Override
    public void check(List<LabelledExample> all) {
      long good = all.stream().filter(LabelledExample::desirable).count();
      if (good == 0 || good == all.size()) {
        throw new UserException(
            all.get(0).origin()
                + ": all "
                + all.size()
                + " examples have label "
                + (good > 0)
                + ": good and bad completions are needed, or supervised fine-tuning on good ones");
      }
    }
  }
}
