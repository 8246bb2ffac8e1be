package dev.temper.cli;

import dev.temper.train.TrainingListener;
import dev.temper.train.metrics.MetricRow;
import dev.temper.train.metrics.Phase;
import java.io.Console;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.jspecify.annotations.Nullable;

/** Shows training on a terminal as a bar, elsewhere as plain lines. */
final class Progress implements TrainingListener, AutoCloseable {
  private final PrintWriter out;
  private final boolean terminal;
  private @Nullable ProgressBar bar;
  private long total;
  private double held = Double.NaN;

  Progress(PrintWriter out) {
    this.out = out;
    this.terminal = isTerminal();
  }

  /** From Java 22 on there may be a console without a terminal, and a method that says so. */
  @SuppressWarnings("SystemConsoleNull")
  static boolean isTerminal() {
    Console console = System.console();
    if (console == null) {
      return false;
    }
    try {
      return Boolean.TRUE.equals(Console.class.getMethod("isTerminal").invoke(console));
    } catch (NoSuchMethodException e) {
      return true;
    } catch (ReflectiveOperationException e) {
      return false;
    }
  }

  @Override
  public void onStart(long from, long steps) {
    total = steps;
    if (terminal) {
      bar =
          new ProgressBarBuilder()
              .setTaskName("train")
              .setInitialMax(steps)
              .setUpdateIntervalMillis(200)
              .build();
      bar.stepTo(from);
    }
  }

  @Override
  public void onMetrics(MetricRow row) {
    if (row.phase() == Phase.EVAL) {
      held = row.values().getOrDefault("eval_loss", Double.NaN);
      if (bar == null) {
        out.printf(Locale.ROOT, "step %d/%d  eval_loss %.4f%n", row.step(), total, held);
      }
    } else if (bar != null) {
      bar.stepTo(row.step());
      bar.setExtraMessage(
          String.format(
              Locale.ROOT,
              "loss %.4f%s",
              row.values().get("loss"),
              Double.isNaN(held) ? "" : String.format(Locale.ROOT, " eval %.4f", held)));
    } else if (row.step() == 1
        || row.step() % Math.max(1, total / 20) == 0
        || row.step() == total) {
      out.printf(
          Locale.ROOT,
          "step %d/%d  loss %.4f  grad_norm %.3f  lr %.2e  %.0f tokens/s%n",
          row.step(),
          total,
          row.values().get("loss"),
          row.values().get("grad_norm"),
          row.values().get("learning_rate"),
          row.values().get("tokens_per_second"));
    }
    out.flush();
  }

  @Override
  public void onCheckpoint(long step, Path directory) {
    if (bar == null) {
      out.println("checkpoint of step " + step + " in " + directory);
      out.flush();
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
