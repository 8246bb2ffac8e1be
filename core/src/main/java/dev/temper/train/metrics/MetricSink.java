package dev.temper.train.metrics;

/**
 * Takes the metrics of a run as they appear.
 *
 * <p>The sinks of this package keep two promises. A row is handed to the operating system before
 * {@link #record} returns, so killing the process loses nothing that was recorded. And they never
 * end a training run: opening the file fails at construction, before training has begun, but a
 * failure after that (a full disk) is logged once as a warning that names the file, and the sink is
 * silent from then on.
 *
 * <p>Rows come in order of their step. The sinks here may be closed from another thread, such as a
 * shutdown hook; what comes after is dropped.
 */
public interface MetricSink extends AutoCloseable {
  /** Keeps one row. */
  void record(MetricRow row);

  /**
   * Keeps a text, such as a sample completion; sinks for numbers only drop it.
   *
   * @param step optimizer steps completed
   * @param name what the text is, such as {@code samples/0}
   * @param markdown the text, which viewers show as Markdown
   */
  default void text(long step, String name, String markdown) {}

  /** Makes what was recorded survive a crash of the machine, not only of the process. */
  default void flush() {}

  /** Flushes and releases the file; closing twice is harmless. */
  @Override
  void close();
}
