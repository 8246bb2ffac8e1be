package dev.temper.alignment;

import dev.temper.alignment.loss.DpoLoss;
import dev.temper.model.CausalLm;
import dev.temper.train.AdamW;
import dev.temper.train.RunPlan;
import dev.temper.train.Trainable;
import java.util.Optional;

/**
 * Training on pairs of a chosen and a rejected completion: DPO and its family, with full weights or
 * an adapter.
 *
 * <pre>{@code
 * PreferenceTrainer.of(model)
 *     .train(adapter)                                   // or .trainAll()
 *     .loss(new DpoLoss(0.1)).reference(Reference.without(adapter))
 *     .data(Path.of("pairs.jsonl"))
 *     .optimizer(AdamW.learningRate(5e-6)).epochs(1).output(Path.of("runs/dpo"))
 *     .run();
 * }</pre>
 *
 * <p>Rows have {@code prompt}, {@code chosen} and {@code rejected}, as texts or messages, or two
 * whole conversations whose common beginning is the prompt; ranked rows give all their pairs.
 * Defaults are TRL's: DPO with β = 0.1, AdamW at 1e-6, 1,024 tokens.
 *
 * <p>A pair whose completions are the same teaches nothing: such pairs stay in the data, as in TRL,
 * and are counted; it is an error if all are.
 */
public final class PreferenceTrainer implements ExampleTrainer<PreferenceTrainer, PairExample> {
  private final CausalLm model;
  private final RunPlan plan = new RunPlan(AdamW.learningRate(1e-6));
  private final ExampleData<PairExample> examples;
  private final References references;
  private PreferenceLoss loss = new DpoLoss(0.1);

  private PreferenceTrainer(CausalLm model) {
    this.model = model;
    this.examples = new ExampleData<>(new PairKind(model), model.spec().contextLength());
    this.references = new References(model);
  }

  /** A trainer with TRL's defaults. */
  public static PreferenceTrainer of(CausalLm model) {
    return new PreferenceTrainer(model);
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
  public PreferenceTrainer trainAll() {
    model.trainAll();
    return train(Trainable.of(model.parameters()));
  }

  /** The loss; DPO with β = 0.1 unless set. A lambda will do. */
  public PreferenceTrainer loss(PreferenceLoss value) {
    loss = value;
    return this;
  }

  /**
   * What the policy is compared with. Unless set it is the policy before training: the model
   * without its adapter if an adapter is trained, else {@link Reference#precomputed()}. Losses that
   * need no reference do not look at it.
   */
  public PreferenceTrainer reference(Reference value) {
    references.set(value);
    return this;
  }

  /** Pairs of the training data whose completions are the same. */
  public int ties() {
    return (int) examples.examples().stream().filter(PairExample::isTie).count();
  }

  @Override
  public PreferenceObjective objective() {
    Optional<Reference> reference =
        loss.needsReference()
            ? Optional.of(references.resolve(plan, examples::branches))
            : Optional.empty();
    return new PreferenceObjective(model, loss, reference);
  }
}
