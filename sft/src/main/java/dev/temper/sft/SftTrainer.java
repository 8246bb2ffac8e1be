package dev.temper.sft;

import dev.temper.UserException;
import dev.temper.data.DataSource;
import dev.temper.data.Packing;
import dev.temper.data.StopRule;
import dev.temper.data.TokenExample;
import dev.temper.model.CausalLm;
import dev.temper.text.TrainOn;
import dev.temper.train.AdamW;
import dev.temper.train.Evaluation;
import dev.temper.train.Loss;
import dev.temper.train.RunPlan;
import dev.temper.train.Source;
import dev.temper.train.TokenScores;
import dev.temper.train.Trainable;
import dev.temper.train.TrainerOptions;
import dev.temper.train.TrainingLoop;
import dev.temper.train.TrainingReport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * Supervised fine-tuning with full weights or an adapter.
 *
 * <pre>{@code
 * TrainingReport report = SftTrainer.of(model)
 *     .train(adapter)                                   // or .trainAll()
 *     .data(Path.of("train.jsonl"))
 *     .optimizer(AdamW.learningRate(2e-4)).schedule(Schedule.cosine().warmup(0.1))
 *     .epochs(1).batchSize(8).output(Path.of("runs/sft"))
 *     .run();
 * }</pre>
 */
public final class SftTrainer implements TrainerOptions<SftTrainer> {
  private final CausalLm model;
  private final List<SftData.Input> inputs = new ArrayList<>();
  private final List<SftData.Input> evalInputs = new ArrayList<>();
  private final RunPlan plan = new RunPlan(AdamW.learningRate(2e-5));
  private Loss<TokenScores> loss = SftLosses.nll();
  private SftObjective.Noise noise = SftObjective.Noise.none();
  private TrainOn trainOn = TrainOn.assistant();
  private boolean completionOnly = true;
  private int maxLength = 1024;
  private @Nullable Packing packing;
  private StopRule stopRule = StopRule.FIRST_EXHAUSTED;
  // Read when first needed; null again when a setting it depends on changes.
  private @Nullable SftData data;
  private @Nullable List<TokenExample> heldOut;

  private SftTrainer(CausalLm model) {
    this.model = model;
  }

  /** A trainer with TRL's defaults. */
  public static SftTrainer of(CausalLm model) {
    return new SftTrainer(model);
  }

  @Override
  public RunPlan plan() {
    return plan;
  }

  /** Trains all weights of the model. */
  public SftTrainer trainAll() {
    model.trainAll();
    return train(Trainable.of(model.parameters()));
  }

  /** Adds a JSONL or JSON file (also gzip) to train on. */
  public SftTrainer data(Path file) {
    return data(new DataSource(file, OptionalDouble.empty()));
  }

  /**
   * Adds a file to train on, with a weight if files are to be mixed: each row of a step then comes
   * from file i with probability weight i / sum of weights, by the seed, and a file that is used up
   * begins again. All files have a weight or none has; without weights a pass takes each row once.
   *
   * @see #stopRule
   */
  public SftTrainer data(DataSource source) {
    inputs.add(SftData.Input.file(source));
    return changed();
  }

  /** Adds a file to evaluate on. */
  public SftTrainer evalData(Path file) {
    evalInputs.add(SftData.Input.file(new DataSource(file, OptionalDouble.empty())));
    return changed();
  }

  /** Adds examples to train on. */
  public SftTrainer examples(List<TokenExample> more) {
    inputs.add(SftData.Input.examples(more));
    return changed();
  }

  /** Adds examples to evaluate on. */
  public SftTrainer evalExamples(List<TokenExample> more) {
    evalInputs.add(SftData.Input.examples(more));
    return changed();
  }

  private SftTrainer changed() {
    data = null;
    heldOut = null;
    return this;
  }

  private SftData prepared() {
    if (inputs.isEmpty()) {
      throw new UserException("no data to train on: call data(file)");
    }
    SftData ready = data;
    if (ready == null) {
      ready = read(inputs);
      data = ready;
    }
    return ready;
  }

  private SftData read(List<SftData.Input> from) {
    return SftData.of(
        from,
        new SftEncoder(model::tokenizer, trainOn, completionOnly),
        Math.min(maxLength, model.spec().contextLength()),
        model.spec().vocabulary(),
        packing);
  }

  /** The loss; negative log-likelihood unless set. A lambda will do. */
  public SftTrainer loss(Loss<TokenScores> value) {
    loss = value;
    return this;
  }

  /** Noise on the embeddings while training. */
  public SftTrainer noise(SftObjective.Noise value) {
    noise = value;
    return this;
  }

  /** Which messages of chats are trained. */
  public SftTrainer trainOn(TrainOn value) {
    trainOn = value;
    return changed();
  }

  /** Whether prompts of prompt–completion rows are left out of the loss; they are unless set. */
  public SftTrainer completionOnly(boolean value) {
    completionOnly = value;
    return changed();
  }

  /** Longer examples are cut. */
  public SftTrainer maxLength(int value) {
    maxLength = value;
    return changed();
  }

  /**
   * Packs examples into rows of at most the maximal length, so that a step has about the same
   * number of tokens every time: {@link #batchSize} then counts rows, and so do epochs, as in TRL.
   * Examples in a row do not see each other, except with {@link Packing#WRAPPED}. Held-out data is
   * packed in the same way. Off unless set.
   *
   * <p>Difference from TRL: the whole data set is packed at once, where TRL packs each 1,000 rows.
   */
  public SftTrainer packing(Packing value) {
    packing = value;
    return changed();
  }

  /**
   * When a pass over weighted files ends, which is what {@link #epochs} counts: when the first one
   * is used up, unless set. Files without weights are always seen whole.
   */
  public SftTrainer stopRule(StopRule value) {
    stopRule = value;
    return this;
  }

  /** Optimizer steps {@link #run} will make. */
  public long plannedSteps() {
    return plan.steps(plan.countsPasses() ? prepared().passSize(plan.seed(), stopRule) : 0);
  }

  /** Examples to evaluate on. */
  public List<TokenExample> heldOut() {
    List<TokenExample> ready = heldOut;
    if (ready == null) {
      ready = evalInputs.isEmpty() ? List.of() : read(evalInputs).examples();
      heldOut = ready;
    }
    return ready;
  }

  /** Rows of the training data that were cut to the maximal length. */
  public int truncated() {
    return prepared().truncated();
  }

  /** Rows of the training data that were left out because nothing in them is trained. */
  public int dropped() {
    return prepared().dropped();
  }

  /** Rows to train on: examples, or packed rows of them. */
  public int size() {
    return prepared().size();
  }

  /** Loss and metrics of the held-out examples as the model is now. */
  public Evaluation evaluation() {
    if (heldOut().isEmpty()) {
      throw new UserException("there is nothing to evaluate on: give evalData");
    }
    return TrainingLoop.evaluate(
        new SftObjective(model, loss, noise), heldOut(), plan.tokenBudget());
  }

  /** Mean loss on the held-out examples as the model is now. */
  public double evaluate() {
    return evaluation().loss();
  }

  /** Trains. */
  public TrainingReport run() {
    plan.check(!heldOut().isEmpty());
    Source<TokenExample> source =
        prepared().source(plan.order(), plan.seed(), stopRule, plan.batchSize());
    return plan.run(plannedSteps(), source, new SftObjective(model, loss, noise), heldOut());
  }
}
