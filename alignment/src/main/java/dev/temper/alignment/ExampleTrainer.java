package dev.temper.alignment;

import dev.temper.UserException;
import dev.temper.data.DataSource;
import dev.temper.data.StopRule;
import dev.temper.train.Evaluation;
import dev.temper.train.Objective;
import dev.temper.train.TrainerOptions;
import dev.temper.train.TrainingLoop;
import dev.temper.train.TrainingReport;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;

/**
 * What the trainers over judged completions have in common: where their examples come from, and the
 * run. A trainer adds its loss and its objective.
 *
 * @param <S> the trainer
 * @param <E> an example
 */
public interface ExampleTrainer<S extends ExampleTrainer<S, E>, E> extends TrainerOptions<S> {
  /** The examples these settings are about. */
  ExampleData<E> examples();

  /** What is optimised, with the settings made so far. */
  Objective<E> objective();

  @SuppressWarnings("unchecked") // S is the class that implements this
  private S self() {
    return (S) this;
  }

  /** Adds a file to train on: JSONL or JSON (also gzip), CSV, or a folder of such files. */
  default S data(Path file) {
    return data(new DataSource(file, OptionalDouble.empty()));
  }

  /**
   * Adds a file to train on, with a weight if files are to be mixed: each example of a step then
   * comes from file i with probability weight i / sum of weights, by the seed, and a file that is
   * used up begins again. All files have a weight or none has.
   *
   * @see #stopRule
   */
  default S data(DataSource source) {
    examples().add(source);
    return self();
  }

  /** Adds a file to evaluate on. */
  default S evalData(Path file) {
    examples().addHeldOut(file);
    return self();
  }

  /** Adds examples to train on. */
  default S examples(List<E> more) {
    examples().add(more);
    return self();
  }

  /** Adds examples to evaluate on. */
  default S evalExamples(List<E> more) {
    examples().addHeldOut(more);
    return self();
  }

  /**
   * Longest prompt with completion, 1,024 tokens unless set: completions are cut at their end, and
   * an example whose prompt alone is that long is left out (TRL's {@code keep_start}).
   */
  default S maxLength(int value) {
    examples().maxLength(value);
    return self();
  }

  /**
   * When a pass over weighted files ends, which is what {@link #epochs} counts: when the first one
   * is used up, unless set. Files without weights are always seen whole.
   */
  default S stopRule(StopRule value) {
    examples().stopRule(value);
    return self();
  }

  /** Optimizer steps {@link #run} will make. */
  default long plannedSteps() {
    return examples().plannedSteps(plan());
  }

  /** Examples to train on. */
  default int size() {
    return examples().examples().size();
  }

  /** Examples of the training data with a completion that was cut. */
  default int truncated() {
    return examples().truncated();
  }

  /** Examples of the training data that were left out because their prompt is too long. */
  default int dropped() {
    return examples().dropped();
  }

  /** Examples to evaluate on. */
  default List<E> heldOut() {
    return examples().heldOut();
  }

  /** Loss and metrics of the held-out examples as the model is now. */
  default Evaluation evaluation() {
    if (heldOut().isEmpty()) {
      throw new UserException("there is nothing to evaluate on: give evalData");
    }
    return TrainingLoop.evaluate(objective(), heldOut(), plan().tokenBudget());
  }

  /** Mean loss on the held-out examples as the model is now. */
  default double evaluate() {
    return evaluation().loss();
  }

  /** Trains. */
  default TrainingReport run() {
    plan().check(!heldOut().isEmpty());
    return plan().run(plannedSteps(), examples().source(plan()), objective(), heldOut());
  }
}
