package dev.temper.train.report;

import dev.temper.train.metrics.MetricRow;
import dev.temper.train.metrics.Phase;
import dev.temper.train.report.Series.Point;
import dev.temper.train.report.Series.Style;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;

/** The metrics of a run as curves: which there are, in which order, and how to draw them. */
final class Curves {
  private static final List<String> FIRST =
      List.of("loss", "learning_rate", "grad_norm", "tokens_per_second");
  private static final Set<String> COUNTERS = Set.of("num_tokens", "total_flos");
  private static final Map<String, String> TITLES =
      Map.of(
          "loss", "Loss",
          "learning_rate", "Learning rate",
          "grad_norm", "Gradient norm",
          "tokens_per_second", "Tokens per second",
          "entropy", "Entropy",
          "mean_token_accuracy", "Token accuracy");
  private static final int MOST_POINTS = 800;
  private static final int FEWEST_TO_SMOOTH = 12;
  private static final double LOG_FROM_RATIO = 100;

  private final List<MetricRow> rows;

  Curves(List<MetricRow> rows) {
    this.rows = rows;
  }

  /**
   * The metrics to draw, without {@code eval_}: loss first, then what every run has, then the
   * others as they appeared.
   */
  List<String> names() {
    Set<String> present = new LinkedHashSet<>();
    for (MetricRow row : rows) {
      for (Map.Entry<String, Double> metric : row.values().entrySet()) {
        if (Double.isFinite(metric.getValue())) {
          String name = metric.getKey();
          present.add(
              row.phase() == Phase.EVAL ? name.substring(MetricRow.EVAL_PREFIX.length()) : name);
        }
      }
    }
    present.removeAll(COUNTERS);
    List<String> names = new ArrayList<>(FIRST);
    names.retainAll(present);
    present.stream().filter(name -> !FIRST.contains(name)).forEach(names::add);
    return names;
  }

  static String title(String metric) {
    return TITLES.getOrDefault(metric, metric);
  }

  /**
   * Training values, raw and smoothed where there are enough to be noisy, and held-out values over
   * them.
   */
  SvgChart chart(String metric, int width, int height) {
    List<Series> series = new ArrayList<>();
    Series train = series(Phase.TRAIN, metric, "train", Style.LINE);
    int count = train.finite().size();
    if (metric.equals("learning_rate") || (count > 0 && count < FEWEST_TO_SMOOTH)) {
      series.add(train.thinned(MOST_POINTS));
    } else if (count > 0) {
      series.add(new Series("train", Style.FAINT, train.points()).thinned(MOST_POINTS));
      series.add(train.smoothed("train, smoothed", window(count)).thinned(MOST_POINTS));
    }
    Series eval = series(Phase.EVAL, MetricRow.EVAL_PREFIX + metric, "held-out", Style.MARKS);
    if (!eval.finite().isEmpty()) {
      series.add(eval.thinned(MOST_POINTS));
    }
    return new SvgChart(
        title(metric) + " by step",
        series,
        metric.equals("grad_norm") && spansDecades(train),
        width,
        height);
  }

  OptionalDouble first(Phase phase, String metric) {
    List<Point> points = series(phase, metric, metric, Style.LINE).finite();
    return points.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(points.get(0).y());
  }

  OptionalDouble last(Phase phase, String metric) {
    List<Point> points = series(phase, metric, metric, Style.LINE).finite();
    return points.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(points.get(points.size() - 1).y());
  }

  /** The last smoothed training value: what the curve in the chart ends at. */
  OptionalDouble lastSmoothed(String metric) {
    Series train = series(Phase.TRAIN, metric, metric, Style.LINE);
    List<Point> points = train.smoothed(metric, window(train.finite().size())).finite();
    return points.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(points.get(points.size() - 1).y());
  }

  OptionalDouble median(String metric) {
    double[] sorted =
        series(Phase.TRAIN, metric, metric, Style.LINE).finite().stream()
            .mapToDouble(Point::y)
            .sorted()
            .toArray();
    return sorted.length == 0
        ? OptionalDouble.empty()
        : OptionalDouble.of(sorted[sorted.length / 2]);
  }

  /** How many values of the metrics are NaN or infinite, and so are missing from the charts. */
  long notFinite() {
    return rows.stream()
        .flatMap(row -> row.values().values().stream())
        .filter(value -> !Double.isFinite(value))
        .count();
  }

  private Series series(Phase phase, String metric, String name, Style style) {
    List<Point> points = new ArrayList<>();
    for (MetricRow row : rows) {
      Double value = row.values().get(metric);
      if (row.phase() == phase && value != null) {
        points.add(new Point(row.step(), value));
      }
    }
    return new Series(name, style, points);
  }

  private static double window(int count) {
    return Math.max(5, count / 25.0);
  }

  private static boolean spansDecades(Series series) {
    double min = series.finite().stream().mapToDouble(Point::y).min().orElse(1);
    double max = series.finite().stream().mapToDouble(Point::y).max().orElse(1);
    return min > 0 && max / min >= LOG_FROM_RATIO;
  }
}
