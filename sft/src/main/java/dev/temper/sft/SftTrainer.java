package dev.temper.sft;

import dev.temper.UserException;
import dev.temper.data.DataOrder;
import dev.temper.data.DataSource;
import dev.temper.data.Packing;
import dev.temper.data.StopRule;
import dev.temper.data.TokenExample;
import dev.temper.model.CausalLm;
import dev.temper.text.TrainOn;
import dev.temper.train.AdamW;
import dev.temper.train.Evaluation;
import dev.temper.train.Loss;
import dev.temper.train.Optimizer;
import dev.temper.train.Schedule;
import dev.temper.train.Source;
import dev.temper.train.TokenScores;
import dev.temper.train.Trainable;
import dev.temper.train.TrainingListener;
import dev.temper.train.TrainingLoop;
import dev.temper.train.TrainingReport;
import dev.temper.train.TrainingSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
public final class SftTrainer {
  private final CausalLm model;
  private final List<SftData.Input> inputs = new ArrayList<>();
  private final List<SftData.Input> evalInputs = new ArrayList<>();
  private final List<TrainingListener> listeners = new ArrayList<>();
  private @Nullable Trainable trainable;
  private Loss<TokenScores> loss = SftLosses.nll();
  private SftObjective.Noise noise = SftObjective.Noise.none();
  private double routerWeight;
  private TrainOn trainOn = TrainOn.assistant();
  private boolean completionOnly = true;
  private Optimizer.Settings optimizer = AdamW.learningRate(2e-5);
  private Schedule schedule = Schedule.linear();
  private double epochs = 1;
  private long steps;
  private int batchSize = 8;
  private int tokenBudget = 1024;
  private int maxLength = 1024;
  private @Nullable Packing packing;
  private StopRule stopRule = StopRule.FIRST_EXHAUSTED;
  private double maxGradNorm = 1;
  private long evalEvery;
  private long saveEvery;
  private int patience;
  private @Nullable Boolean restoreBest;
  private int keepCheckpoints = 1;
  private long seed;
  private boolean shuffle = true;
  private boolean resume;
  private @Nullable Path output;
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

  /** Trains these parameters, for example an adapter's. */
  public SftTrainer train(Trainable what) {
    trainable = what;
    return this;
  }

  /** Trains all weights of the model. */
  public SftTrainer trainAll() {
    model.trainAll();
    trainable = Trainable.of(model.parameters());
    return this;
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

  /**
   * Weight of the loss that keeps the experts of a mixture equally busy, TRL's {@code
   * router_aux_loss_coef}; 0 unless set.
   */
  public SftTrainer routerWeight(double value) {
    routerWeight = value;
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

  /** The optimizer; AdamW at 2e-5 unless set. */
  public SftTrainer optimizer(Optimizer.Settings value) {
    optimizer = value;
    return this;
  }

  /** The learning-rate schedule; linear unless set. */
  public SftTrainer schedule(Schedule value) {
    schedule = value;
    return this;
  }

  /** Passes over the data. */
  public SftTrainer epochs(double value) {
    epochs = value;
    return this;
  }

  /** Optimizer steps; 0 lets {@link #epochs} decide. */
  public SftTrainer steps(long value) {
    steps = value;
    return this;
  }

  /** Examples a step. */
  public SftTrainer batchSize(int value) {
    batchSize = value;
    return this;
  }

  /** Most tokens of a micro-batch: sets peak memory and changes nothing else. */
  public SftTrainer tokenBudget(int value) {
    tokenBudget = value;
    return this;
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

  /** Gradients are clipped to this global norm; 0 switches clipping off. */
  public SftTrainer maxGradNorm(double value) {
    maxGradNorm = value;
    return this;
  }

  /** Steps between evaluations. */
  public SftTrainer evalEvery(long value) {
    evalEvery = value;
    return this;
  }

  /** Steps between checkpoints. */
  public SftTrainer saveEvery(long value) {
    saveEvery = value;
    return this;
  }

  /**
   * Evaluations without improvement before training stops; {@link #restoreBest} is on then, unless
   * set otherwise.
   */
  public SftTrainer patience(int value) {
    patience = value;
    return this;
  }

  /**
   * Whether the model ends with the weights of the best evaluation; unless set, if it may stop
   * early. (transformers' {@code load_best_model_at_end} is off unless set, but its early stopping
   * asks for it.)
   */
  public SftTrainer restoreBest(boolean value) {
    restoreBest = value;
    return this;
  }

  /** How many of the newest checkpoints stay on disk; 1 unless set. */
  public SftTrainer keepCheckpoints(int value) {
    keepCheckpoints = value;
    return this;
  }

  /** Seed of the data order and of all noise. */
  public SftTrainer seed(long value) {
    seed = value;
    return this;
  }

  /** Whether the data is shuffled each epoch; it is unless set. */
  public SftTrainer shuffle(boolean value) {
    shuffle = value;
    return this;
  }

  /** Directory for checkpoints. */
  public SftTrainer output(Path value) {
    output = value;
    return this;
  }

  /** Goes on from the last checkpoint in the output directory, if there is one. */
  public SftTrainer resume(boolean value) {
    resume = value;
    return this;
  }

  /** Adds a listener. */
  public SftTrainer listener(TrainingListener value) {
    listeners.add(value);
    return this;
  }

  /** Optimizer steps {@link #run} will make. */
  public long plannedSteps() {
    if (steps > 0) {
      return steps;
    }
    double perEpoch = Math.ceil((double) prepared().passSize(seed, stopRule) / batchSize);
    return Math.max(1, (long) Math.ceil(epochs * perEpoch));
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
    return TrainingLoop.evaluate(new SftObjective(model, loss, noise, routerWeight), heldOut(), tokenBudget);
  }

  /** Mean loss on the held-out examples as the model is now. */
  public double evaluate() {
    return evaluation().loss();
  }

  /** Trains. */
  public TrainingReport run() {
    if (trainable == null) {
      throw new UserException("nothing to train: call train(adapter) or trainAll()");
    }
    if (evalEvery > 0 && heldOut().isEmpty()) {
      throw new UserException("evalEvery: there is nothing to evaluate on: give evalData");
    }
    TrainingSettings settings =
        new TrainingSettings(
            plannedSteps(),
            tokenBudget,
            maxGradNorm,
            schedule,
            evalEvery,
            saveEvery,
            patience,
            seed,
            Optional.ofNullable(output).map(o -> o.resolve("checkpoints")),
            restoreBest != null ? restoreBest : patience > 0,
            keepCheckpoints);
    DataOrder order = shuffle ? DataOrder.shuffled(seed) : DataOrder.asIs();
    Source<TokenExample> source = prepared().source(order, seed, stopRule, batchSize);
    return new TrainingLoop(settings, optimizer, listeners)
        .run(trainable, source, new SftObjective(model, loss, noise, routerWeight), heldOut(), resume);
  }
}
