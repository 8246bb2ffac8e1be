package dev.temper.text.jinja;

import java.time.LocalDateTime;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;

/** The function {@code strftime_now}: C's {@code strftime} in the C locale, on local time. */
final class Strftime {
  private Strftime() {}

  static String format(LocalDateTime time, String format) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        out.append(c);
        continue;
      }
      char code = format.charAt(++i);
      boolean unpadded = code == '-' && i + 1 < format.length();
      if (unpadded) {
        code = format.charAt(++i);
      }
      String field = field(time, code);
      out.append(unpadded ? field.replaceFirst("^[0 ]+(?=.)", "") : field);
    }
    return out.toString();
  }

  private static String field(LocalDateTime t, char code) {
    int hour12 = t.getHour() % 12 == 0 ? 12 : t.getHour() % 12;
    return switch (code) {
      case 'a' -> t.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
      case 'A' -> t.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
      case 'b', 'h' -> t.getMonth().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
      case 'B' -> t.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
      case 'c' -> format(t, "%a %b %e %H:%M:%S %Y");
      case 'C' -> padded(t.getYear() / 100, 2);
      case 'd' -> padded(t.getDayOfMonth(), 2);
      case 'D', 'x' -> format(t, "%m/%d/%y");
      case 'e' -> (t.getDayOfMonth() < 10 ? " " : "") + t.getDayOfMonth();
      case 'f' -> padded(t.getNano() / 1000, 6);
      case 'F' -> format(t, "%Y-%m-%d");
      case 'G' -> Integer.toString(t.get(IsoFields.WEEK_BASED_YEAR));
      case 'H' -> padded(t.getHour(), 2);
      case 'I' -> padded(hour12, 2);
      case 'j' -> padded(t.getDayOfYear(), 3);
      case 'k' -> (t.getHour() < 10 ? " " : "") + t.getHour();
      case 'l' -> (hour12 < 10 ? " " : "") + hour12;
      case 'm' -> padded(t.getMonthValue(), 2);
      case 'M' -> padded(t.getMinute(), 2);
      case 'n' -> "\n";
      case 'p' -> t.getHour() < 12 ? "AM" : "PM";
      case 'r' -> format(t, "%I:%M:%S %p");
      case 'R' -> format(t, "%H:%M");
      case 'S' -> padded(t.getSecond(), 2);
      case 't' -> "\t";
      case 'T', 'X' -> format(t, "%H:%M:%S");
      case 'u' -> Integer.toString(t.getDayOfWeek().getValue());
      case 'U' -> padded((t.getDayOfYear() + 6 - t.getDayOfWeek().getValue() % 7) / 7, 2);
      case 'V' -> padded(t.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), 2);
      case 'w' -> Integer.toString(t.getDayOfWeek().getValue() % 7);
      case 'W' -> padded((t.getDayOfYear() + 6 - (t.getDayOfWeek().getValue() + 6) % 7) / 7, 2);
      case 'y' -> padded(t.getYear() % 100, 2);
      case 'Y' -> Integer.toString(t.get(ChronoField.YEAR));
      case 'z', 'Z' -> ""; // the time is local and without a zone, as datetime.now() is
      case '%' -> "%";
      default -> "%" + code;
    };
  }

  private static String padded(int value, int width) {
    String digits = Integer.toString(value);
    return "0".repeat(Math.max(0, width - digits.length())) + digits;
  }
}
