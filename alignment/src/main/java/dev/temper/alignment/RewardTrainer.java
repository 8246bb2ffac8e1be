package dev.temper.alignment;

import dev.temper.alignment.loss.BradleyTerryLoss;
import dev.temper.model.Model;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
import dev.temper.train.AdamW;
import dev.temper.train.Loss;
import dev.temper.train.RunPlan;
import dev.temper.train.Trainable;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Training of a reward model on pairs of a chosen and a rejected completion.
 *
 * <pre>{@code
 * try (RewardModel model = RewardModel.of(CausalLm.load(dir), 42)) {
 *   RewardTrainer.of(model).trainAll()
 *       .data(Path.of("pairs.jsonl")).epochs(1).output(Path.of("runs/reward"))
 *       .run();
 *   model.save(Path.of("reward-model"));
 * }
 * }</pre>
 *
 * <p>Rows are those of {@link PreferenceTrainer}; a {@code margin} column is obeyed. Defaults are
 * TRL's: {@link BradleyTerryLoss}, AdamW at 1e-4, pairs of at most 1,024 tokens a side.
 */
public final class RewardTrainer implements ExampleTrainer<RewardTrainer, PairExample> {
  private final RewardModel model;
  private final RunPlan plan = new RunPlan(AdamW.learningRate(1e-4));
  private final ExampleData<PairExample> examples;
  private Loss<RewardPairs> loss = new BradleyTerryLoss();

  private RewardTrainer(RewardModel model) {
    this.model = model;
    Model classifier = model.classifier();
    this.examples =
        new ExampleData<>(
            new WholePairs(new PairKind(classifier)), classifier.spec().contextLength());
  }

  /** A trainer with TRL's defaults. */
  public static RewardTrainer of(RewardModel model) {
    return new RewardTrainer(model);
  }

  @Override
  public RunPlan plan() {
    return plan;
  }

  @Override
  public ExampleData<PairExample> examples() {
    return examples;
  }

  /** Trains all weights of the model. */
  public RewardTrainer trainAll() {
    model.classifier().trainAll();
    return train(Trainable.of(model.classifier().parameters()));
  }

  /**
   * Trains these parameters, an adapter's for example, and the model's head with them: what stands
   * on a head that was drawn at random learns little.
   */
  @Override
  public RewardTrainer train(Trainable what) {
    List<Parameter> head =
        model.classifier().headParameters().stream()
            .filter(p -> !what.parameters().contains(p))
            .toList();
    head.forEach(p -> p.setTrainable(true));
    return ExampleTrainer.super.train(head.isEmpty() ? what : new WithHead(what, head));
  }

  /** The loss; {@link BradleyTerryLoss} unless set. A lambda will do. */
  public RewardTrainer loss(Loss<RewardPairs> value) {
    loss = value;
    return this;
  }

  /**
   * Longest prompt with completion, 1,024 tokens unless set. A pair with a longer side is left out,
   * as in TRL: cut, it would lose the token at which its reward is read.
   */
  @Override
  public RewardTrainer maxLength(int value) {
    return ExampleTrainer.super.maxLength(value);
  }

  /** Pairs of the training data that were left out because a side is too long. */
  @Override
  public int dropped() {
    return ExampleTrainer.super.dropped();
  }

  @Override
  public RewardObjective objective() {
    return new RewardObjective(model, loss);
  }

  /** Something trained beside the head. */
  private record WithHead(Trainable body, List<Parameter> head) implements Trainable {
    @Override
    public List<Parameter> parameters() {
      return Stream.concat(body.parameters().stream(), head.stream()).toList();
    }

    @Override
    public void beginMicroBatch(Rng rng) {
      body.beginMicroBatch(rng);
    }

    @Override
    public void evaluationMode() {
      body.evaluationMode();
    }
  }

  /** Pairs that are never cut. */
  private record WholePairs(PairKind kind) implements ExampleKind<PairExample> {
    @Override
    public List<PairExample> read(Path file) {
      return kind.read(file);
    }

    @Override
    public Optional<PairExample> cut(PairExample example, int maxLength) {
      int completion = Math.max(example.chosen().length, example.rejected().length);
      return completion <= maxLength - example.prompt().length
          ? Optional.of(example)
          : Optional.empty();
    }

    @Override
    public CompletionBatch.Branches branches(PairExample example) {
      return kind.branches(example);
    }

    @Override
    public void check(List<PairExample> examples) {
      kind.check(examples);
    }
  }
}
