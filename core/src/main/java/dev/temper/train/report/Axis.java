package dev.temper.train.report;

import java.util.ArrayList;
import java.util.List;

/**
 * One axis of a chart: a range that ends on ticks, and the ticks.
 *
 * @param min the value at the beginning
 * @param max the value at the end, above {@code min}
 * @param log whether the scale is logarithmic
 * @param ticks the values to label, ascending
 */
record Axis(double min, double max, boolean log, List<Double> ticks) {
  /** An axis over finite values whose ticks are multiples of 1, 2 or 5 times a power of ten. */
  static Axis linear(double low, double high, int about) {
    double min = low;
    double max = high;
    if (!(max > min)) {
      double margin = min == 0 ? 1 : Math.abs(min) * 0.1;
      min -= margin;
      max += margin;
    }
    double step = niceStep((max - min) / about);
    long first = (long) Math.floor(min / step + 1e-9);
    long last = (long) Math.ceil(max / step - 1e-9);
    List<Double> ticks = new ArrayList<>();
    for (long i = first; i <= last; i++) {
      ticks.add(clean(i * step, step));
    }
    return new Axis(first * step, last * step, false, ticks);
  }

  /**
   * An axis over [low, high] itself, with those ticks that lie inside: for steps, which begin and
   * end where they do.
   */
  static Axis exact(double low, double high, int about) {
    Axis outer = linear(low, high, about);
    if (!(high > low)) {
      return outer;
    }
    return new Axis(
        low,
        high,
        false,
        outer.ticks().stream().filter(tick -> tick >= low && tick <= high).toList());
  }

  /**
   * A logarithmic axis over values above 0, with ticks at powers of ten and, over few of them, at 2
   * and 5 times these.
   */
  static Axis logarithmic(double low, double high) {
    int first = (int) Math.floor(Math.log10(low) + 1e-9);
    int last = Math.max(first + 1, (int) Math.ceil(Math.log10(high) - 1e-9));
    int stride = Math.max(1, (last - first + 5) / 6);
    List<Double> ticks = new ArrayList<>();
    for (int decade = first; decade <= last; decade += stride) {
      ticks.add(Math.pow(10, decade));
      if (last - first <= 2 && decade < last) {
        ticks.add(2 * Math.pow(10, decade));
        ticks.add(5 * Math.pow(10, decade));
      }
    }
    return new Axis(Math.pow(10, first), Math.pow(10, last), true, ticks);
  }

  /** Where a value lies, from 0 at {@code min} to 1 at {@code max}. */
  double position(double value) {
    return log ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min);
  }

  private static double niceStep(double raw) {
    double power = Math.pow(10, Math.floor(Math.log10(raw)));
    double digit = raw / power;
    return (digit <= 1.0001 ? 1 : digit <= 2.0001 ? 2 : digit <= 5.0001 ? 5 : 10) * power;
  }

  /**
   * Removes the rounding error of a multiple of the step, so that 0.30000000000000004 is labelled
   * 0.3.
   */
  private static double clean(double value, double step) {
    double scale = Math.pow(10, 2 - Math.floor(Math.log10(step)));
    double cleaned = Math.rint(value * scale) / scale;
    return Double.isFinite(cleaned) ? cleaned : value;
  }
}
