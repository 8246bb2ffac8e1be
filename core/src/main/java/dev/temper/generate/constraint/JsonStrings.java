package dev.temper.generate.constraint;

import java.util.ArrayList;
import java.util.List;

/** Expressions over characters as expressions over the inside of JSON strings. */
final class JsonStrings {
  private static final CharSet CONTROL = CharSet.of(0, 0x1F);
  private static final CharSet QUOTE = CharSet.of('"', '"');
  private static final CharSet BACKSLASH = CharSet.of('\\', '\\');

  private JsonStrings() {}

  /** The same texts, with quotes, backslashes and control characters escaped. */
  static Regex escaped(Regex regex) {
    if (regex instanceof Regex.Chars chars) {
      return escaped(chars.set());
    }
    if (regex instanceof Regex.Sequence s) {
      return new Regex.Sequence(s.parts().stream().map(JsonStrings::escaped).toList());
    }
    if (regex instanceof Regex.Choice c) {
      return new Regex.Choice(c.options().stream().map(JsonStrings::escaped).toList());
    }
    if (regex instanceof Regex.Repeat r) {
      return new Regex.Repeat(escaped(r.part()), r.min(), r.max());
    }
    return regex;
  }

  private static Regex escaped(CharSet set) {
    List<Regex> options = new ArrayList<>();
    CharSet plain = set.minus(CONTROL).minus(QUOTE).minus(BACKSLASH);
    if (!plain.isEmpty()) {
      options.add(new Regex.Chars(plain));
    }
    for (char c : new char[] {'"', '\\'}) {
      if (set.contains(c)) {
        options.add(Regex.literal("\\" + c));
      }
    }
    for (char c = 0; c < 0x20; c++) {
      if (set.contains(c)) {
        int shorthand = "\b\t\n\f\r".indexOf(c);
        options.add(
            Regex.literal(
                shorthand >= 0
                    ? "\\" + "btnfr".charAt(shorthand)
                    : String.format("\\u%04x", (int) c)));
      }
    }
    return Regex.choice(options);
  }
}
