package dev.temper.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Python's numbers: bool, int ({@link BigInteger}) and float ({@link Double}). */
final class Numbers {
  /** Digits of an integer that may be read or printed, as in Python. */
  static final int MAX_DIGITS = 4300;

  private static final int MAX_BITS = 60_000;
  private static final BigInteger MAX_INT = BigInteger.valueOf(Integer.MAX_VALUE);
  private static final BigInteger MIN_INT = BigInteger.valueOf(Integer.MIN_VALUE);

  private Numbers() {}

  static boolean isNumber(Object value) {
    return value instanceof BigInteger || value instanceof Double || value instanceof Boolean;
  }

  static boolean isIntegral(Object value) {
    return value instanceof BigInteger || value instanceof Boolean;
  }

  static BigInteger of(long value) {
    return BigInteger.valueOf(value);
  }

  /** An int or bool as integer. */
  static BigInteger integer(Object value) {
    return value instanceof Boolean b ? (b ? BigInteger.ONE : BigInteger.ZERO) : (BigInteger) value;
  }

  /** A value that is used where Python wants an integer. */
  static BigInteger index(Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (!isIntegral(value)) {
      throw JinjaException.type(
          "'" + Values.typeName(value) + "' object cannot be interpreted as an integer");
    }
    return integer(value);
  }

  static int clampToInt(BigInteger value) {
    return value.min(MAX_INT).max(MIN_INT).intValueExact();
  }

  static double toDouble(Object value) {
    if (value instanceof Double d) {
      return d;
    }
    double result = integer(value).doubleValue();
    if (Double.isInfinite(result)) {
      throw JinjaException.overflow("int too large to convert to float");
    }
    return result;
  }

  static BigInteger checked(BigInteger value) {
    if (value.bitLength() > MAX_BITS) {
      throw JinjaException.overflow("an integer of more than " + MAX_BITS + " bits");
    }
    return value;
  }

  static BigInteger truncate(double value) {
    if (Double.isNaN(value)) {
      throw JinjaException.value("cannot convert float NaN to integer");
    }
    if (Double.isInfinite(value)) {
      throw JinjaException.overflow("cannot convert float infinity to integer");
    }
    return new BigDecimal(value).toBigInteger();
  }

  /** The value of an integer literal: decimal, or with the prefix 0x, 0o or 0b. */
  static BigInteger parseLiteral(String digits) {
    if (digits.length() > 2 && digits.charAt(0) == '0') {
      int radix =
          switch (digits.charAt(1) | 0x20) {
            case 'x' -> 16;
            case 'o' -> 8;
            case 'b' -> 2;
            default -> 10;
          };
      if (radix != 10) {
        return new BigInteger(digits.substring(2), radix);
      }
    }
    return new BigInteger(digits);
  }

  /** Python's {@code int(text, base)}, or null when the text is no integer. */
  static @Nullable BigInteger parseInt(String text, int base) {
    String s = Str.strip(text);
    int sign = s.startsWith("-") ? -1 : 1;
    if (s.startsWith("-") || s.startsWith("+")) {
      s = s.substring(1);
    }
    String lower = s.toLowerCase(Locale.ROOT);
    int radix = base;
    if ((base == 16 || base == 0) && lower.startsWith("0x")) {
      radix = 16;
      s = s.substring(2);
    } else if ((base == 8 || base == 0) && lower.startsWith("0o")) {
      radix = 8;
      s = s.substring(2);
    } else if ((base == 2 || base == 0) && lower.startsWith("0b")) {
      radix = 2;
      s = s.substring(2);
    } else if (base == 0) {
      radix = 10;
    }
    if (s.isEmpty() || s.length() > MAX_DIGITS || radix < 2 || radix > 36) {
      return null;
    }
    StringBuilder digits = new StringBuilder();
    boolean afterDigit = false;
    for (int i = 0; i < s.length(); ) {
      int c = s.codePointAt(i);
      i += Character.charCount(c);
      int digit = Character.digit(c, radix);
      if (digit >= 0) {
        digits.append(Character.forDigit(digit, radix));
        afterDigit = true;
      } else if (c == '_' && afterDigit && i < s.length()) {
        afterDigit = false;
      } else {
        return null;
      }
    }
    BigInteger value = new BigInteger(digits.toString(), radix);
    return sign < 0 ? value.negate() : value;
  }

  /** Python's {@code float(text)}, or null when the text is no number. */
  static @Nullable Double parseFloat(String text) {
    String s = Str.strip(text).toLowerCase(Locale.ROOT);
    String unsigned = s.startsWith("-") || s.startsWith("+") ? s.substring(1) : s;
    boolean negative = s.startsWith("-");
    switch (unsigned) {
      case "inf", "infinity" -> {
        return negative ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
      }
      case "nan" -> {
        return Double.NaN;
      }
      default -> {}
    }
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < unsigned.length(); i++) {
      char c = unsigned.charAt(i);
      int digit = Character.digit(c, 10);
      if (digit >= 0) {
        plain.append((char) ('0' + digit));
      } else if (c == '_') {
        boolean between =
            i > 0
                && i + 1 < unsigned.length()
                && Character.isDigit(unsigned.charAt(i - 1))
                && Character.isDigit(unsigned.charAt(i + 1));
        if (!between) {
          return null;
        }
      } else if ("+-.e".indexOf(c) >= 0) {
        plain.append(c);
      } else {
        return null;
      }
    }
    try {
      double value = Double.parseDouble(plain.toString());
      return negative ? -value : value;
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /** Python's {@code repr} of a float: the shortest digits that read back as the same number. */
  static String repr(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal exact = new BigDecimal(Math.abs(value));
    BigDecimal shortest = exact;
    for (int precision = 1; precision <= 17; precision++) {
      shortest = exact.round(new MathContext(precision, RoundingMode.HALF_EVEN));
      if (shortest.doubleValue() == Math.abs(value)) {
        break;
      }
    }
    String digits = shortest.unscaledValue().toString();
    int exponent = digits.length() - shortest.scale() - 1;
    digits = digits.replaceFirst("0+$", "");
    String sign = value < 0 ? "-" : "";
    if (exponent < -4 || exponent >= 16) {
      String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
      return sign
          + digits.charAt(0)
          + fraction
          + "e"
          + (exponent < 0 ? "-" : "+")
          + (Math.abs(exponent) < 10 ? "0" : "")
          + Math.abs(exponent);
    }
    if (exponent < 0) {
      return sign + "0." + "0".repeat(-exponent - 1) + digits;
    }
    String padded = digits + "0".repeat(Math.max(0, exponent + 1 - digits.length()));
    String fraction = padded.substring(exponent + 1);
    return sign + padded.substring(0, exponent + 1) + "." + (fraction.isEmpty() ? "0" : fraction);
  }

  /** Decimal digits of an integer. */
  static String repr(BigInteger value) {
    if (value.bitLength() > MAX_DIGITS * 3.3219280948873626) {
      throw JinjaException.value(
          "Exceeds the limit (" + MAX_DIGITS + " digits) for integer string conversion");
    }
    return value.toString();
  }

  /** Python's {@code round}: half to even, on the exact binary value. */
  static double round(double value, int digits) {
    if (Double.isNaN(value) || Double.isInfinite(value) || digits > 330) {
      return value;
    }
    if (digits < -330) {
      return Math.copySign(0.0, value);
    }
    return Math.copySign(
        new BigDecimal(value).setScale(digits, RoundingMode.HALF_EVEN).doubleValue(), value);
  }
}
