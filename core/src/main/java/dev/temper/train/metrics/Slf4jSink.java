package dev.temper.train.metrics;

import java.util.Locale;
import java.util.StringJoiner;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs each row as one line at level INFO: {@code train step 10 epoch 0.50 | loss 1.234 | grad_norm
 * 0.87}.
 */
public final class Slf4jSink implements MetricSink {
  private final Logger logger;

  /** Logs to {@code dev.temper.train.metrics}. */
  public Slf4jSink() {
    this(LoggerFactory.getLogger("dev.temper.train.metrics"));
  }

  /** Logs to {@code logger}. */
  public Slf4jSink(Logger logger) {
    this.logger = logger;
  }

  @Override
  public void record(MetricRow row) {
    if (!logger.isInfoEnabled()) {
      return;
    }
    StringJoiner line = new StringJoiner(" | ");
    line.add(
        String.format(
            Locale.ROOT, "%s step %d epoch %.2f", row.phase().label(), row.step(), row.epoch()));
    row.values().forEach((name, value) -> line.add(name + " " + format(value)));
    logger.info("{}", line);
  }

  private static String format(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? String.format(Locale.ROOT, "%.0f", value)
        : String.format(Locale.ROOT, "%.4g", value);
  }

  @Override
  public void close() {}
}
