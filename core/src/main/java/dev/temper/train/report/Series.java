package dev.temper.train.report;

import java.util.ArrayList;
import java.util.List;

/**
 * One curve of a chart.
 *
 * @param name its name in the legend
 * @param style how it is drawn
 * @param points its points, by ascending x
 */
record Series(String name, Style style, List<Point> points) {
  /** How a series is drawn. */
  enum Style {
    /** A thin, pale line: noisy values behind a smoothed curve. */
    FAINT,
    /** A line. */
    LINE,
    /** Marks joined by a line, in the second colour. */
    MARKS
  }

  /** A value at a step. */
  record Point(double x, double y) {}

  /** Copies the points. */
  Series {
    points = List.copyOf(points);
  }

  /** The points that can be drawn. */
  List<Point> finite() {
    return points.stream().filter(point -> Double.isFinite(point.y())).toList();
  }

  /**
   * An exponential moving average over about {@code window} points, corrected for its start at zero
   * as in Adam, so that it begins at the first value. Values that are not finite are passed through
   * and do not enter it.
   */
  Series smoothed(String smoothedName, double window) {
    double keep = 1 - 2 / (window + 1);
    List<Point> smoothed = new ArrayList<>(points.size());
    double sum = 0;
    double weight = 0;
    for (Point point : points) {
      if (Double.isFinite(point.y())) {
        sum = keep * sum + (1 - keep) * point.y();
        weight = keep * weight + (1 - keep);
        smoothed.add(new Point(point.x(), sum / weight));
      } else {
        smoothed.add(point);
      }
    }
    return new Series(smoothedName, Style.LINE, smoothed);
  }

  /**
   * At most about {@code most} points: of each stretch the lowest and the highest, so that spikes
   * stay visible.
   */
  Series thinned(int most) {
    if (points.size() <= most) {
      return this;
    }
    int stretch = (int) Math.ceil(points.size() / (most / 2.0));
    List<Point> kept = new ArrayList<>();
    for (int from = 0; from < points.size(); from += stretch) {
      List<Point> part = points.subList(from, Math.min(points.size(), from + stretch));
      Point low = part.get(0);
      Point high = part.get(0);
      for (Point point : part) {
        low = point.y() < low.y() || Double.isNaN(low.y()) ? point : low;
        high = point.y() > high.y() || Double.isNaN(high.y()) ? point : high;
      }
      kept.add(low.x() <= high.x() ? low : high);
      if (!low.equals(high)) {
        kept.add(low.x() <= high.x() ? high : low);
      }
    }
    return new Series(name, style, kept);
  }
}
