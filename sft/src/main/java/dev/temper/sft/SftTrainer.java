package dev.temper.sft;

import dev.temper.UserException;
import dev.temper.data.DataCursor;
import dev.temper.data.DataException;
import dev.temper.data.DataOrder;
import dev.temper.data.Dataset;
import dev.temper.data.Rows;
import dev.temper.data.SftRow;
import dev.temper.data.TokenExample;
import dev.temper.data.Truncation;
import dev.temper.model.CausalLm;
import dev.temper.text.TrainOn;
import dev.temper.train.AdamW;
import dev.temper.train.DatasetSource;
import dev.temper.train.Loss;
import dev.temper.train.Optimizer;
import dev.temper.train.Schedule;
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
  private final List<TokenExample> examples = new ArrayList<>();
  private final List<TokenExample> heldOut = new ArrayList<>();
  private final List<TrainingListener> listeners = new ArrayList<>();
  private @Nullable Trainable trainable;
  private Loss<TokenScores> loss = SftLosses.nll();
  private SftObjective.Noise noise = SftObjective.Noise.none();
  private TrainOn trainOn = TrainOn.assistant();
  private boolean completionOnly = true;
  private Optimizer.Settings optimizer = AdamW.learningRate(2e-5);
  private Schedule schedule = Schedule.linear();
  private double epochs = 1;
  private long steps;
  private int batchSize = 8;
  private int tokenBudget = 1024;
  private int maxLength = 1024;
  private double maxGradNorm = 1;
  private long evalEvery;
  private long saveEvery;
  private int patience;
  private int truncated;
  private int dropped;
  private long seed;
  private boolean shuffle = true;
  private boolean resume;
  private @Nullable Path output;

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

  /**
   * Adds a JSONL or JSON file (also gzip) to train on. Call {@link #trainOn} and {@link #maxLength}
   * before.
   */
  public SftTrainer data(Path file) {
    examples.addAll(read(file));
    return this;
  }

  /** Adds a file to evaluate on. */
  public SftTrainer evalData(Path file) {
    heldOut.addAll(read(file));
    return this;
  }

  /** Adds examples to train on. */
  public SftTrainer examples(List<TokenExample> more) {
    examples.addAll(more);
    return this;
  }

  /** Adds examples to evaluate on. */
  public SftTrainer evalExamples(List<TokenExample> more) {
    heldOut.addAll(more);
    return this;
  }

  private List<TokenExample> read(Path file) {
    SftEncoder encoder = new SftEncoder(model.tokenizer(), trainOn, completionOnly);
    List<TokenExample> encoded =
        Rows.load(file).stream().map(SftRow::parse).map(encoder::encode).toList();
    encoded.forEach(this::requireKnownTokens);
    Truncation.Result cut =
        Truncation.keepStart(Math.min(maxLength, model.spec().contextLength())).apply(encoded);
    if (cut.kept().isEmpty()) {
      throw new UserException(
          file
              + ": none of its "
              + encoded.size()
              + " rows has a trained token within "
              + maxLength
              + " tokens: check which messages are trained, and the maximal length");
    }
    truncated += cut.truncated();
    dropped += cut.dropped();
    return cut.kept();
  }

  private void requireKnownTokens(TokenExample example) {
    for (int id : example.ids()) {
      if (id >= model.spec().vocabulary()) {
        throw new DataException(
            example.origin(),
            "token id "
                + id
                + " is outside the model's vocabulary of "
                + model.spec().vocabulary()
                + ": was the row tokenized for another model?");
      }
    }
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
    return this;
  }

  /** Whether prompts of prompt–completion rows are left out of the loss; they are unless set. */
  public SftTrainer completionOnly(boolean value) {
    completionOnly = value;
    return this;
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

  /** Evaluations without improvement before training stops. */
  public SftTrainer patience(int value) {
    patience = value;
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
    return steps > 0
        ? steps
        : Math.max(1, (long) Math.ceil(epochs * Math.ceil((double) examples.size() / batchSize)));
  }

  /** Examples to evaluate on. */
  public List<TokenExample> heldOut() {
    return List.copyOf(heldOut);
  }

  /** Rows read so far that were cut to the maximal length. */
  public int truncated() {
    return truncated;
  }

  /** Rows read so far that were left out because nothing in them is trained. */
  public int dropped() {
    return dropped;
  }

  /** Examples to train on. */
  public int size() {
    return examples.size();
  }

  /** Mean loss on the held-out examples as the model is now. */
  public double evaluate() {
    if (heldOut.isEmpty()) {
      throw new UserException("there is nothing to evaluate on: give evalData");
    }
    return TrainingLoop.evaluate(
        new SftObjective(model, loss, SftObjective.Noise.none()), heldOut, tokenBudget);
  }

  /** Trains. */
  public TrainingReport run() {
    if (trainable == null) {
      throw new UserException("nothing to train: call train(adapter) or trainAll()");
    }
    if (examples.isEmpty()) {
      throw new UserException("no data to train on: call data(file)");
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
            Optional.ofNullable(output).map(o -> o.resolve("checkpoints")));
    DataOrder order = shuffle ? DataOrder.shuffled(seed) : DataOrder.asIs();
    DatasetSource<TokenExample> source =
        new DatasetSource<>(
            Dataset.of(examples), DataCursor.over(examples.size(), order), batchSize);
    return new TrainingLoop(settings, optimizer, listeners)
        .run(trainable, source, new SftObjective(model, loss, noise), heldOut, resume);
  }
}
