package dev.temper.generate.constraint;

import dev.temper.UserException;
import java.util.ArrayList;
import java.util.List;

/** Recursive descent over the syntax described at {@link Regex}. */
final class RegexParser {
  private static final int MAX_DEPTH = 200;
  private static final int MAX_LENGTH = 1 << 16;

  /** Largest bound of a repetition. */
  static final int MAX_REPEAT = 10_000;

  private final String text;
  private int at;
  private int depth;

  RegexParser(String text) {
    this.text = text;
    if (text.length() > MAX_LENGTH) {
      throw new UserException(
          "a regular expression of "
              + text.length()
              + " characters is too long; at most "
              + MAX_LENGTH
              + " are accepted");
    }
  }

  Regex parse() {
    if (peek('^')) {
      at++;
    }
    Regex all = choice();
    if (at < text.length()) {
      throw error("an unmatched )");
    }
    return all;
  }

  private Regex choice() {
    if (++depth > MAX_DEPTH) {
      throw error("more than " + MAX_DEPTH + " nested groups");
    }
    List<Regex> options = new ArrayList<>();
    do {
      options.add(sequence());
    } while (take('|'));
    depth--;
    return Regex.choice(options);
  }

  private Regex sequence() {
    List<Regex> parts = new ArrayList<>();
    while (at < text.length() && !peek('|') && !peek(')')) {
      if (peek('$') && at == text.length() - 1) {
        at++;
        break;
      }
      parts.add(quantified());
    }
    return Regex.sequence(parts);
  }

  private Regex quantified() {
    Regex part = atom();
    while (at < text.length()) {
      int start = at;
      int min;
      int max;
      if (take('*')) {
        min = 0;
        max = -1;
      } else if (take('+')) {
        min = 1;
        max = -1;
      } else if (take('?')) {
        min = 0;
        max = 1;
      } else if (peek('{')) {
        at++;
        min = number();
        max = min;
        if (take(',')) {
          max = peek('}') ? -1 : number();
        }
        if (!take('}')) {
          throw error("a { that begins no {n}, {n,} or {n,m} (write \\{ for the character)");
        }
        if (max != -1 && max < min) {
          at = start;
          throw error("a repetition whose maximum is below its minimum");
        }
      } else {
        break;
      }
      if (take('+')) {
        throw error("a possessive quantifier, which is not supported");
      }
      take('?');
      part = new Regex.Repeat(part, min, max);
    }
    return part;
  }

  private int number() {
    int start = at;
    int value = 0;
    while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
      value = 10 * value + (text.charAt(at++) - '0');
      if (value > MAX_REPEAT) {
        at = start;
        throw error("a repetition of more than " + MAX_REPEAT);
      }
    }
    if (at == start) {
      throw error("a { that begins no {n}, {n,} or {n,m} (write \\{ for the character)");
    }
    return value;
  }

  private Regex atom() {
    int c = next();
    switch (c) {
      case '(' -> {
        if (take('?') && !take(':')) {
          throw error("a group that begins with (? but not (?: , which is not supported");
        }
        Regex inside = choice();
        if (!take(')')) {
          throw error("a ( without its )");
        }
        return inside;
      }
      case '[' -> {
        return set();
      }
      case '.' -> {
        return new Regex.Chars(CharSet.of('\n', '\n').complement());
      }
      case '\\' -> {
        return new Regex.Chars(escape());
      }
      case '*', '+', '?', '{' -> throw back("a quantifier with nothing before it");
      case '^', '$' ->
          throw back(
              Character.toString(c)
                  + " inside the expression, which always stands for the whole text");
      default -> {
        return new Regex.Chars(one(c));
      }
    }
  }

  private Regex set() {
    boolean negated = take('^');
    CharSet all = null;
    while (true) {
      if (at >= text.length()) {
        throw error("a [ without its ]");
      }
      if (all != null && take(']')) {
        break;
      }
      CharSet low = member();
      if (peek('-') && at + 1 < text.length() && text.charAt(at + 1) != ']') {
        at++;
        CharSet high = member();
        if (!single(low) || !single(high) || low.low(0) > high.low(0)) {
          throw error("a range that does not go up from one character to another");
        }
        low = CharSet.of(low.low(0), high.low(0));
      }
      all = all == null ? low : all.union(low);
    }
    CharSet chosen = negated ? all.complement() : all;
    if (chosen.isEmpty()) {
      throw error("a class that no character is in");
    }
    return new Regex.Chars(chosen);
  }

  private CharSet member() {
    int c = next();
    if (c == '[') {
      throw back("a [ inside a class (write \\[ for the character)");
    }
    if (c == '&' && peek('&')) {
      throw back("&& inside a class, which is not supported");
    }
    return c == '\\' ? escape() : one(c);
  }

  private static boolean single(CharSet set) {
    return set.ranges() == 1 && set.low(0) == set.high(0);
  }

  private CharSet escape() {
    int c = next();
    return switch (c) {
      case 'd' -> CharSet.DIGITS;
      case 'D' -> CharSet.DIGITS.complement();
      case 'w' -> CharSet.WORD;
      case 'W' -> CharSet.WORD.complement();
      case 's' -> CharSet.SPACE;
      case 'S' -> CharSet.SPACE.complement();
      case 't' -> one('\t');
      case 'n' -> one('\n');
      case 'r' -> one('\r');
      case 'f' -> one('\f');
      case 'v' -> one(0x0B);
      case '0' -> one(0);
      case 'x' -> one(hex(2));
      case 'u' -> one(hex(4));
      default -> {
        if (Character.isLetterOrDigit(c)) {
          throw back("the escape \\" + Character.toString(c) + ", which is not supported");
        }
        yield one(c);
      }
    };
  }

  private int hex(int digits) {
    if (at + digits > text.length()) {
      throw error("an escape that needs " + digits + " hexadecimal digits");
    }
    int value = 0;
    for (int i = 0; i < digits; i++) {
      int digit = Character.digit(text.charAt(at++), 16);
      if (digit < 0) {
        throw error("an escape that needs " + digits + " hexadecimal digits");
      }
      value = 16 * value + digit;
    }
    return value;
  }

  private CharSet one(int c) {
    CharSet set = CharSet.of(c, c);
    if (set.isEmpty()) {
      throw error("half a surrogate pair, which is not a character");
    }
    return set;
  }

  private int next() {
    if (at >= text.length()) {
      throw error("an end where a character must follow");
    }
    int c = text.codePointAt(at);
    at += Character.charCount(c);
    return c;
  }

  private boolean peek(char c) {
    return at < text.length() && text.charAt(at) == c;
  }

  private boolean take(char c) {
    boolean found = peek(c);
    at += found ? 1 : 0;
    return found;
  }

  private UserException back(String what) {
    at--;
    return error(what);
  }

  private UserException error(String what) {
    String shown = text.length() > 200 ? text.substring(0, 200) + "…" : text;
    return new UserException("regular expression \"" + shown + "\", position " + at + ": " + what);
  }
}
