package dev.temper.train.report;

import static java.util.Objects.requireNonNull;

import dev.temper.train.metrics.MetricLog;
import dev.temper.train.metrics.MetricRow;
import java.nio.file.Files;
import java.util.List;

/**
 * Everything a report shows.
 *
 * @param run the content of {@code run.json}
 * @param metrics every row of metrics, in order
 * @param samples completions before and after; may be empty
 * @param outputs what the run wrote; may be empty
 */
public record ReportData(
    RunRecord run, List<MetricRow> metrics, List<Sample> samples, List<OutputFile> outputs) {
  /** Checks that everything is given, and copies the lists. */
  public ReportData {
    requireNonNull(run, "run");
    metrics = List.copyOf(metrics);
    samples = List.copyOf(samples);
    outputs = List.copyOf(outputs);
  }

  /**
   * The run and metrics that a directory holds now.
   *
   * @throws dev.temper.UserException if {@code metrics.jsonl} is broken
   */
  public static ReportData of(
      RunDirectory directory, List<Sample> samples, List<OutputFile> outputs) {
    boolean recorded = Files.exists(directory.metricsJsonl());
    List<MetricRow> metrics = recorded ? MetricLog.read(directory.metricsJsonl()) : List.of();
    return new ReportData(directory.run(), metrics, samples, outputs);
  }
}
