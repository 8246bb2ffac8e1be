package dev.temper.cli;

import dev.temper.efficiency.peft.Adapter;
import dev.temper.train.TrainingListener;
import dev.temper.train.TrainingReport;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What {@link TrainingRun} asks of a trainer. */
interface Training {
  /** Whether there is something to evaluate on. */
  boolean evaluates();

  /** The loss on it as the model is now. */
  double evaluate();

  /** Trains the adapter, or all weights if there is none. */
  TrainingReport run(@Nullable Adapter adapter, List<TrainingListener> listeners);
}
