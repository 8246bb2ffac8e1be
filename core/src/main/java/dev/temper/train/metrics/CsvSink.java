package dev.temper.train.metrics;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Appends rows to a CSV file (RFC 4180): {@code step,epoch,phase}, then one column for each metric
 * in the order they first appeared.
 *
 * <p>A metric that appears later (the first held-out loss, say) adds a column: the file is
 * rewritten atomically with that cell empty in the rows before. So the file is a well-formed table
 * at every moment. NaN and infinities are written as Java and pandas spell them.
 */
public final class CsvSink implements MetricSink {
  private static final List<String> FIXED = List.of("step", "epoch", "phase");
  private static final Pattern CELL = Pattern.compile("(?:\"((?:[^\"]|\"\")*)\"|([^\",]*))(,|$)");

  private final AppendFile file;
  private final Set<String> metrics = new LinkedHashSet<>();
  private boolean headerWritten;

  /**
   * Starts a new file.
   *
   * @throws dev.temper.UserException if it holds rows already, or cannot be written
   */
  public CsvSink(Path path) {
    file = AppendFile.create(path);
  }

  /**
   * Goes on with the file of an earlier run, dropping rows after {@code resumeStep} and incomplete
   * ones first, atomically.
   *
   * @param resumeStep the optimizer steps completed at the checkpoint that the run resumes from
   * @throws dev.temper.UserException if the file cannot be read or written
   */
  public CsvSink(Path path, long resumeStep) {
    Set<String> found = new LinkedHashSet<>();
    file =
        AppendFile.resume(
            path,
            (number, line) -> {
              List<String> cells = cells(line);
              if (number == 1) {
                found.addAll(cells);
                return line;
              }
              return cells.size() == found.size() && isUpTo(resumeStep, cells.get(0)) ? line : null;
            });
    headerWritten = !found.isEmpty();
    found.stream().filter(name -> !FIXED.contains(name)).forEach(metrics::add);
  }

  @Override
  public synchronized void record(MetricRow row) {
    int before = metrics.size();
    metrics.addAll(row.values().keySet());
    if (!headerWritten) {
      file.appendLine(header());
      headerWritten = true;
    } else if (metrics.size() > before) {
      widen(metrics.size() - before);
    }
    List<String> cells =
        new ArrayList<>(
            List.of(Long.toString(row.step()), Double.toString(row.epoch()), row.phase().label()));
    for (String name : metrics) {
      Double value = row.values().get(name);
      cells.add(value == null ? "" : value.toString());
    }
    file.appendLine(String.join(",", cells));
  }

  private void widen(int columns) {
    String padding = ",".repeat(columns);
    String[] first = {header()};
    file.mapLines(
        line -> {
          String header = first[0];
          first[0] = "";
          return header.isEmpty() ? line + padding : header;
        });
  }

  private String header() {
    List<String> names = new ArrayList<>(FIXED);
    for (String name : metrics) {
      names.add(
          name.contains(",") || name.contains("\"")
              ? '"' + name.replace("\"", "\"\"") + '"'
              : name);
    }
    return String.join(",", names);
  }

  private static boolean isUpTo(long step, String cell) {
    try {
      return Long.parseLong(cell) <= step;
    } catch (NumberFormatException e) {
      return false;
    }
  }

  private static List<String> cells(String line) {
    List<String> cells = new ArrayList<>();
    Matcher matcher = CELL.matcher(line);
    while (matcher.find()) {
      String quoted = matcher.group(1);
      cells.add(quoted == null ? String.valueOf(matcher.group(2)) : quoted.replace("\"\"", "\""));
      if (matcher.group(3).isEmpty()) {
        break;
      }
    }
    return cells;
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
