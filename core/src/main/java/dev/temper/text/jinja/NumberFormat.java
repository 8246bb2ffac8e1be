package dev.temper.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/**
 * Floats in the presentation types {@code e}, {@code f}, {@code g} and {@code %}, with exact
 * decimal rounding (half to even).
 */
final class NumberFormat {
  private static final int MAX_PRECISION = 10_000;

  private NumberFormat() {}

  /**
   * The digits of a non-negative float.
   *
   * @param type one of {@code e E f F g G}
   * @param alternate keep the point and trailing zeros
   */
  static String format(double value, char type, int precision, boolean alternate) {
    boolean upper = Character.isUpperCase(type);
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      String text = Double.isNaN(value) ? "nan" : "inf";
      return upper ? text.toUpperCase(Locale.ROOT) : text;
    }
    if (precision > MAX_PRECISION) {
      throw JinjaException.value("precision too big");
    }
    BigDecimal exact = new BigDecimal(value);
    String text =
        switch (Character.toLowerCase(type)) {
          case 'e' -> exponent(exact, precision, alternate);
          case 'g' -> general(exact, Math.max(1, precision), alternate);
          default ->
              exact.setScale(precision, RoundingMode.HALF_EVEN).toPlainString()
                  + (alternate && precision == 0 ? "." : "");
        };
    return upper ? text.toUpperCase(Locale.ROOT) : text;
  }

  private static String exponent(BigDecimal exact, int precision, boolean alternate) {
    BigDecimal rounded = exact.round(new MathContext(precision + 1, RoundingMode.HALF_EVEN));
    String digits = rounded.unscaledValue().toString();
    int exponent = rounded.signum() == 0 ? 0 : digits.length() - rounded.scale() - 1;
    digits = (digits + "0".repeat(precision + 1)).substring(0, precision + 1);
    String fraction = precision > 0 ? "." + digits.substring(1) : alternate ? "." : "";
    return digits.charAt(0)
        + fraction
        + "e"
        + (exponent < 0 ? "-" : "+")
        + (Math.abs(exponent) < 10 ? "0" : "")
        + Math.abs(exponent);
  }

  private static String general(BigDecimal exact, int precision, boolean alternate) {
    BigDecimal rounded = exact.round(new MathContext(precision, RoundingMode.HALF_EVEN));
    int exponent = rounded.signum() == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
    boolean scientific = exponent < -4 || exponent >= precision;
    String text =
        scientific
            ? exponent(exact, precision - 1, alternate)
            : rounded
                .setScale(Math.max(0, precision - 1 - exponent), RoundingMode.HALF_EVEN)
                .toPlainString();
    if (alternate || text.indexOf('.') < 0) {
      return text;
    }
    int e = text.indexOf('e');
    String mantissa = e < 0 ? text : text.substring(0, e);
    return mantissa.replaceFirst("\\.?0+$", "") + (e < 0 ? "" : text.substring(e));
  }

  /** Puts a separator between groups of digits of the integer part. */
  static String group(String digits, char separator, int size) {
    int end = 0;
    while (end < digits.length() && Character.digit(digits.charAt(end), 16) >= 0) {
      end++;
    }
    StringBuilder out = new StringBuilder(digits);
    for (int at = end - size; at > 0; at -= size) {
      out.insert(at, separator);
    }
    return out.toString();
  }

  static String radix(BigInteger magnitude, char type) {
    String text =
        switch (type) {
          case 'x', 'X' -> magnitude.toString(16);
          case 'o' -> magnitude.toString(8);
          case 'b' -> magnitude.toString(2);
          default -> Numbers.repr(magnitude);
        };
    return type == 'X' ? text.toUpperCase(Locale.ROOT) : text;
  }
}
