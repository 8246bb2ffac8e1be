package dev.temper.text;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Refuses regular expressions of a tokenizer file that can take exponential time.
 *
 * <p>The native regex engine stops after ten million steps by a panic, which would end the JVM. Refused: a repeated group whose inside can
 * match one text in several ways (it holds a variable quantifier or an alternation), back-references, recursion, conditions, call-outs,
 * repetition counts above 1000. All split patterns of published tokenizers pass. Polynomial patterns are not found out.
 */
final class RegexGuard {
  private static final int MAX_LENGTH = 10_000;
  private static final int MAX_COUNT = 1000;
  private static final int MAX_DEPTH = 50;

  private final String pattern;
  private final String where;
  private int at;

  private RegexGuard(String pattern, String where) {
    this.pattern = pattern;
    this.where = where;
  }

  static void check(String pattern, String where) {
    if (pattern.length() > MAX_LENGTH) {
      throw new TokenizerException(where + " has " + pattern.length() + " characters; at most " + MAX_LENGTH + " are accepted");
    }
    new RegexGuard(pattern, where).run();
  }

  private enum Quantifier {
    NONE,
    /** Exactly n times. */
    EXACT,
    /** Zero times or once. */
    OPTIONAL,
    /** A variable number of times. */
    VARIABLE
  }

  private void run() {
    Deque<Boolean> outer = new ArrayDeque<>(); // whether the enclosing groups are ambiguous so far
    boolean ambiguous = false;
    while (at < pattern.length()) {
      char c = pattern.charAt(at++);
      boolean atomAmbiguous = false;
      switch (c) {
        case '(' -> {
          openGroup();
          if (outer.size() >= MAX_DEPTH) {
            throw refused("its groups nest deeper than " + MAX_DEPTH);
          }
          outer.push(ambiguous);
          ambiguous = false;
          continue;
        }
        case ')' -> {
          if (outer.isEmpty()) {
            throw refused("it has a ) without a (");
          }
          atomAmbiguous = ambiguous;
          ambiguous = outer.pop() || ambiguous;
        }
        case '|' -> {
          ambiguous = true;
          continue;
        }
        case '[' -> characterClass();
        case '\\' -> escape();
        default -> {}
      }
      Quantifier quantifier = quantifier();
      if (atomAmbiguous && (quantifier == Quantifier.VARIABLE || quantifier == Quantifier.EXACT)) {
        throw refused("it repeats a group that can match one text in several ways");
      }
      if (quantifier == Quantifier.VARIABLE || quantifier == Quantifier.OPTIONAL) {
        ambiguous = true;
      }
    }
    if (!outer.isEmpty()) {
      throw refused("it has a ( without a )");
    }
  }

  /** Just after an opening parenthesis: skips the group's kind, so that its {@code ?} is not read as a quantifier. */
  private void openGroup() {
    if (peek() == '*') {
      throw refused("it has a call-out");
    }
    if (peek() != '?') {
      return;
    }
    at++;
    char kind = peek();
    if (kind == '(' || kind == '{' || kind == '~') {
      throw refused("it has a condition, a call-out or an absence operator");
    }
    if (kind == '<' || kind == '=' || kind == '!' || kind == '>' || kind == ':') {
      at++;
    }
  }

  private void characterClass() {
    int depth = 1;
    if (peek() == '^') {
      at++;
    }
    if (peek() == ']') {
      at++;
    }
    while (depth > 0) {
      if (at >= pattern.length()) {
        throw refused("it has a [ without a ]");
      }
      char c = pattern.charAt(at++);
      if (c == '\\') {
        at++;
      } else if (c == '[') {
        depth++;
      } else if (c == ']') {
        depth--;
      }
    }
  }

  private void escape() {
    char c = peek();
    if ((c >= '1' && c <= '9') || c == 'k' || c == 'g') {
      throw refused("it has a back-reference or a recursive call");
    }
    at++;
    if ((c == 'p' || c == 'P' || c == 'x') && peek() == '{') {
      int end = pattern.indexOf('}', at);
      at = end < 0 ? pattern.length() : end + 1;
    }
  }

  private Quantifier quantifier() {
    Quantifier result = Quantifier.NONE;
    char c = peek();
    if (c == '*' || c == '+') {
      result = Quantifier.VARIABLE;
      at++;
    } else if (c == '?') {
      result = Quantifier.OPTIONAL;
      at++;
    } else if (c == '{') {
      result = braces();
    }
    if (result != Quantifier.NONE && (peek() == '?' || peek() == '+')) {
      at++; // lazy or possessive
    }
    if (result != Quantifier.NONE && (peek() == '*' || peek() == '+' || peek() == '?')) {
      throw refused("it has a quantifier of a quantifier");
    }
    return result;
  }

  private Quantifier braces() {
    int end = pattern.indexOf('}', at);
    String body = end < 0 ? "" : pattern.substring(at + 1, end);
    if (!body.matches("\\d{1,6}(,\\d{0,6})?|,\\d{1,6}")) {
      return Quantifier.NONE; // a literal brace
    }
    at = end + 1;
    for (String count : body.split(",", -1)) {
      if (!count.isEmpty() && Integer.parseInt(count) > MAX_COUNT) {
        throw refused("it repeats more than " + MAX_COUNT + " times");
      }
    }
    return body.contains(",") ? Quantifier.VARIABLE : Quantifier.EXACT;
  }

  private char peek() {
    return at < pattern.length() ? pattern.charAt(at) : '\0';
  }

  private TokenizerException refused(String why) {
    return new TokenizerException(where + " is refused: " + why + " (pattern: " + pattern.substring(0, Math.min(200, pattern.length())) + ")");
  }
}
