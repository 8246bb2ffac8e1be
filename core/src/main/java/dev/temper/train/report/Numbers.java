package dev.temper.train.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.util.Locale;

/** Numbers as people read them. */
final class Numbers {
  private Numbers() {}

  /** Four significant digits, with k, M, G for large ones and an exponent for small ones. */
  static String compact(double value) {
    if (!Double.isFinite(value)) {
      return Double.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
    }
    double size = Math.abs(value);
    if (size >= 1e12 || (size < 1e-3 && size > 0)) {
      return scientific(value);
    }
    if (size >= 1e9) {
      return plain(value / 1e9) + "G";
    }
    if (size >= 1e6) {
      return plain(value / 1e6) + "M";
    }
    return size >= 1e4 ? plain(value / 1e3) + "k" : plain(value);
  }

  /** Digits grouped by three. */
  static String whole(long value) {
    return String.format(Locale.ROOT, "%,d", value)
        .replace(',', '\u2009'); // thin space: neither a decimal comma nor a point
  }

  static String bytes(long bytes) {
    if (bytes < 1000) {
      return bytes + " B";
    }
    String[] units = {"kB", "MB", "GB", "TB", "PB", "EB"};
    double size = bytes;
    int unit = -1;
    while (size >= 999.5 && unit < units.length - 1) {
      size /= 1000;
      unit++;
    }
    return new BigDecimal(size).round(new MathContext(3)).stripTrailingZeros().toPlainString()
        + " "
        + units[unit];
  }

  static String duration(Duration duration) {
    long seconds = duration.toSeconds();
    if (seconds < 60) {
      return seconds < 10
          ? String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1e3)
          : seconds + " s";
    }
    return seconds < 3600
        ? String.format(Locale.ROOT, "%d min %02d s", seconds / 60, seconds % 60)
        : String.format(Locale.ROOT, "%d h %02d min", seconds / 3600, seconds / 60 % 60);
  }

  /** A coordinate of a drawing: at most two decimals. */
  static String coordinate(double value) {
    long hundredths = Math.round(value * 100);
    return hundredths % 100 == 0
        ? Long.toString(hundredths / 100)
        : BigDecimal.valueOf(hundredths, 2).stripTrailingZeros().toPlainString();
  }

  private static String plain(double value) {
    BigDecimal rounded = new BigDecimal(value).round(new MathContext(4));
    return minus(rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString());
  }

  private static String scientific(double value) {
    BigDecimal rounded = new BigDecimal(value).round(new MathContext(4)).stripTrailingZeros();
    int exponent = rounded.precision() - rounded.scale() - 1;
    return minus(rounded.movePointLeft(exponent).stripTrailingZeros().toPlainString())
        + "e"
        + exponent;
  }

  private static String minus(String text) {
    return text.replace('-', '−');
  }
}
