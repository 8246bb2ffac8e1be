package dev.temper.train.metrics;

import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Appends rows to a JSON Lines file, one object a line: {@code
 * {"step":10,"epoch":0.5,"phase":"train","loss":1.2}}.
 *
 * <p>JSON has no NaN or infinity: those are written as the strings {@code "NaN"}, {@code
 * "Infinity"} and {@code "-Infinity"}. {@link MetricLog#read} reads the file back.
 */
public final class JsonlSink implements MetricSink {
  private static final Logger log = LoggerFactory.getLogger(JsonlSink.class);

  private final AppendFile file;

  /**
   * Starts a new file.
   *
   * @throws dev.temper.UserException if it holds rows already, or cannot be written
   */
  public JsonlSink(Path path) {
    file = AppendFile.create(path);
  }

  /**
   * Goes on with the file of an earlier run. Rows after {@code resumeStep} will be computed again
   * and are dropped first, atomically; so is a row that a crash left incomplete.
   *
   * @param resumeStep the optimizer steps completed at the checkpoint that the run resumes from
   * @throws dev.temper.UserException if the file cannot be read or written
   */
  public JsonlSink(Path path, long resumeStep) {
    file =
        AppendFile.resume(
            path,
            (number, line) -> {
              try {
                return MetricLog.parse(line).step() <= resumeStep ? line : null;
              } catch (IllegalArgumentException e) {
                log.warn(
                    "{} line {}: dropped, it is not a row of metrics ({})",
                    path,
                    number,
                    e.getMessage());
                return null;
              }
            });
  }

  @Override
  public synchronized void record(MetricRow row) {
    file.appendLine(MetricLog.format(row));
  }

  @Override
  public synchronized void flush() {
    file.force();
  }

  @Override
  public synchronized void close() {
    file.close();
  }
}
