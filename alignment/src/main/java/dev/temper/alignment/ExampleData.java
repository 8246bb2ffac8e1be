package dev.temper.alignment;

import dev.temper.UserException;
import dev.temper.data.DataCursor;
import dev.temper.data.DataOrder;
import dev.temper.data.DataSource;
import dev.temper.data.Dataset;
import dev.temper.data.StopRule;
import dev.temper.train.DatasetSource;
import dev.temper.train.RunPlan;
import dev.temper.train.Source;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * The training and held-out examples of a trainer, read when they are first needed; {@link
 * ExampleTrainer} is how its users fill it.
 *
 * @param <E> an example
 */
public final class ExampleData<E> {
  /** Where examples come from: a file, or a list. */
  private record Input<E>(DataSource source, @Nullable List<E> examples) {}

  /**
   * Examples as they are trained.
   *
   * @param sources the files with their weights
   * @param examples the examples of each
   * @param truncated how many were cut
   * @param dropped how many were left out because they are too long
   */
  private record Loaded<E>(
      List<DataSource> sources, List<List<E>> examples, int truncated, int dropped) {
    List<E> all() {
      return examples.stream().flatMap(List::stream).toList();
    }
  }

  private final ExampleKind<E> kind;
  private final int contextLength;
  private final List<Input<E>> inputs = new ArrayList<>();
  private final List<Input<E>> heldOutInputs = new ArrayList<>();
  private int maxLength = 1024;
  private StopRule stopRule = StopRule.FIRST_EXHAUSTED;
  // Read when first needed; null again when a setting it depends on changes.
  private @Nullable Loaded<E> training;
  private @Nullable List<E> heldOut;

  /**
   * No examples yet.
   *
   * @param contextLength the model's; no example is longer
   */
  ExampleData(ExampleKind<E> kind, int contextLength) {
    this.kind = kind;
    this.contextLength = contextLength;
  }

  void add(DataSource file) {
    inputs.add(new Input<>(file, null));
    changed();
  }

  void add(List<E> examples) {
    inputs.add(memory(examples));
    changed();
  }

  void addHeldOut(Path file) {
    heldOutInputs.add(new Input<>(new DataSource(file, OptionalDouble.empty()), null));
    changed();
  }

  void addHeldOut(List<E> examples) {
    heldOutInputs.add(memory(examples));
    changed();
  }

  void maxLength(int value) {
    if (value < 2) {
      throw new IllegalArgumentException(
          "maxLength: " + value + " must be at least 2, a prompt and a completion");
    }
    maxLength = value;
    changed();
  }

  void stopRule(StopRule value) {
    stopRule = value;
  }

  private static <E> Input<E> memory(List<E> examples) {
    return new Input<>(
        new DataSource(Path.of("examples"), OptionalDouble.empty()), List.copyOf(examples));
  }

  private void changed() {
    training = null;
    heldOut = null;
  }

  private Loaded<E> training() {
    if (inputs.isEmpty()) {
      throw new UserException("no data to train on: call data(file)");
    }
    Loaded<E> ready = training;
    if (ready == null) {
      ready = load(inputs);
      kind.check(ready.all());
      training = ready;
    }
    return ready;
  }

  private Loaded<E> load(List<Input<E>> from) {
    List<List<E>> all = new ArrayList<>();
    int truncated = 0;
    int dropped = 0;
    int limit = Math.min(maxLength, contextLength);
    for (Input<E> input : from) {
      List<E> whole =
          input.examples() != null ? input.examples() : kind.read(input.source().file());
      List<E> kept = new ArrayList<>();
      for (E example : whole) {
        Optional<E> cut = kind.cut(example, limit);
        dropped += cut.isEmpty() ? 1 : 0;
        truncated += cut.isPresent() && cut.get() != example ? 1 : 0;
        cut.ifPresent(kept::add);
      }
      if (kept.isEmpty()) {
        throw new UserException(
            input.source().file()
                + ": none of its "
                + whole.size()
                + " rows fits into "
                + limit
                + " tokens, a prompt with room for a completion: raise the maximal length");
      }
      all.add(kept);
    }
    return new Loaded<>(from.stream().map(Input::source).toList(), all, truncated, dropped);
  }

  int truncated() {
    return training().truncated();
  }

  int dropped() {
    return training().dropped();
  }

  List<E> examples() {
    return training().all();
  }

  List<E> heldOut() {
    List<E> ready = heldOut;
    if (ready == null) {
      ready = heldOutInputs.isEmpty() ? List.of() : load(heldOutInputs).all();
      heldOut = ready;
    }
    return ready;
  }

  /** Prompts and completions of all examples, training and held out. */
  List<CompletionBatch.Branches> branches() {
    List<E> all = new ArrayList<>(examples());
    all.addAll(heldOut());
    return all.stream().map(kind::branches).toList();
  }

  long plannedSteps(RunPlan plan) {
    return plan.steps(plan.countsPasses() ? cursor(DataOrder.asIs(), plan.seed()).size() : 0);
  }

  Source<E> source(RunPlan plan) {
    return new DatasetSource<>(
        Dataset.of(examples()), cursor(plan.order(), plan.seed()), plan.batchSize());
  }

  private DataCursor cursor(DataOrder order, long seed) {
    List<Long> sizes = training().examples().stream().map(r -> (long) r.size()).toList();
    return DataSource.cursor(training().sources(), sizes, order, seed, stopRule);
  }
}
