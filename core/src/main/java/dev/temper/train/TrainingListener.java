package dev.temper.train;

import dev.temper.train.metrics.MetricRow;
import java.nio.file.Path;

/** Is told what happens, in host data; may not touch the model. */
public interface TrainingListener {
  /** Training goes from {@code from} (0, or where it resumed) to {@code total}. */
  default void onStart(long from, long total) {}

  /** A row of metrics, of training or evaluation. */
  default void onMetrics(MetricRow row) {}

  /** A checkpoint was written. */
  default void onCheckpoint(long step, Path directory) {}
}
