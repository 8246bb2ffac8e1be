package dev.temper.cli;

import dev.temper.alignment.ExampleTrainer;
import dev.temper.efficiency.peft.Adapter;
import dev.temper.train.TrainingListener;
import dev.temper.train.TrainingReport;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A trainer over judged completions, as {@link TrainingRun} wants it.
 *
 * @param ready is given the adapter, or null, before training: what depends on it is set then
 * @param trainAll trains all weights of the model
 */
record ExampleTraining<S extends ExampleTrainer<S, ?>>(
    S trainer, Consumer<@Nullable Adapter> ready, Runnable trainAll) implements Training {
  @Override
  public boolean evaluates() {
    return !trainer.heldOut().isEmpty();
  }

  @Override
  public double evaluate() {
    return trainer.evaluate();
  }

  @Override
  public TrainingReport run(@Nullable Adapter adapter, List<TrainingListener> listeners) {
    listeners.forEach(trainer::listener);
    ready.accept(adapter);
    if (adapter == null) {
      trainAll.run();
    } else {
      trainer.train(adapter);
    }
    return trainer.run();
  }

  /** How much there is to train on, and what was lost on the way. */
  void announce(String model, String examples, PrintWriter console) {
    console.printf(
        Locale.ROOT,
        "%s: %d %s, %d held out, %d steps%n",
        model,
        trainer.size(),
        examples,
        trainer.heldOut().size(),
        trainer.plannedSteps());
    if (trainer.dropped() > 0) {
      console.printf(
          "warning: %d rows left out: their prompt alone takes --max-length%n", trainer.dropped());
    }
    if (trainer.truncated() > 0) {
      console.printf("warning: completions of %d rows cut to --max-length%n", trainer.truncated());
    }
  }
}
