package dev.temper.train.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands everything to several sinks.
 *
 * <p>A sink that throws is logged once as a warning and gets nothing more until {@link #close}; the
 * others and the training run go on.
 */
public final class CompositeSink implements MetricSink {
  private static final Logger log = LoggerFactory.getLogger(CompositeSink.class);

  private final List<MetricSink> sinks;
  private final List<MetricSink> working;

  /**
   * A sink over {@code sinks}, in that order; it closes them. None at all is allowed and keeps
   * nothing.
   */
  public CompositeSink(List<? extends MetricSink> sinks) {
    this.sinks = List.copyOf(sinks);
    this.working = new ArrayList<>(sinks);
  }

  @Override
  public synchronized void record(MetricRow row) {
    forEachWorking(sink -> sink.record(row));
  }

  @Override
  public synchronized void text(long step, String name, String markdown) {
    forEachWorking(sink -> sink.text(step, name, markdown));
  }

  @Override
  public synchronized void flush() {
    forEachWorking(MetricSink::flush);
  }

  @Override
  public synchronized void close() {
    for (MetricSink sink : sinks) {
      attempt(sink, MetricSink::close);
    }
    working.clear();
  }

  private void forEachWorking(Consumer<MetricSink> action) {
    working.removeIf(sink -> !attempt(sink, action));
  }

  private static boolean attempt(MetricSink sink, Consumer<MetricSink> action) {
    try {
      action.accept(sink);
      return true;
    } catch (RuntimeException e) {
      log.warn("metric sink {} failed and gets nothing more", sink.getClass().getName(), e);
      return false;
    }
  }
}
