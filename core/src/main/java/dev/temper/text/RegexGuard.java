package dev.temper.text;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Refuses regular expressions of a tokenizer file that can take exponential time.
 *
 * <p>The native regex engine stops after ten million steps by a panic, which would end the JVM.
 * Refused: a repeated group whose inside can match one text in several ways (it holds a variable
 * quantifier or an alternation), back-references, recursion, conditions, call-outs, repetition
 * counts above 1000. All split patterns of published tokenizers pass. Polynomial patterns are not
 * found out.
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

  /** Refuses patterns of exponential cost; gives whether the pattern may match the empty text. */
  static boolean check(String pattern, String where) {
    if (pattern.length() > MAX_LENGTH) {
      throw new TokenizerException(
          where
              + " has "
              + pattern.length()
              + " characters; at most "
              + MAX_LENGTH
              + " are accepted");
    }
    return new RegexGuard(pattern, where).run();
  }

  private enum Quantifier {
    NONE,
    /** Exactly n times, n at least 1. */
    EXACT,
    /** Zero times or once. */
    OPTIONAL,
    /** At least once. */
    AT_LEAST_ONCE,
    /** Any number of times, zero included. */
    ANY
  }

  /** What is known of the group being read. */
  private static final class Group {
    /** Whether it can match one text in several ways. */
    boolean ambiguous;

    /** Whether the alternative being read needs a character. */
    boolean consumes;

    /** Whether some earlier alternative matches the empty text. */
    boolean emptyAlternative;

    /** Whether it is a look-around, which takes no character whatever it holds. */
    final boolean look;

    Group(boolean look) {
      this.look = look;
    }

    boolean matchesEmpty() {
      return look || emptyAlternative || !consumes;
    }
  }

  /** Reads the whole pattern; gives whether it may match the empty text. */
  private boolean run() {
    Deque<Group> open = new ArrayDeque<>();
    Group group = new Group(false);
    while (at < pattern.length()) {
      char c = pattern.charAt(at++);
      boolean empty = false; // whether the item just read may match the empty text
      boolean ambiguous = false;
      switch (c) {
        case '(' -> {
          if (open.size() >= MAX_DEPTH) {
            throw refused("its groups nest deeper than " + MAX_DEPTH);
          }
          open.push(group);
          group = new Group(openGroup());
          continue;
        }
        case ')' -> {
          if (open.isEmpty()) {
            throw refused("it has a ) without a (");
          }
          Group closed = group;
          group = open.pop();
          ambiguous = closed.ambiguous;
          empty = closed.matchesEmpty();
        }
        case '|' -> {
          group.ambiguous = true;
          group.emptyAlternative |= !group.consumes;
          group.consumes = false;
          continue;
        }
        case '^', '$' -> empty = true;
        case '[' -> characterClass();
        case '\\' -> empty = escape();
        default -> {}
      }
      Quantifier quantifier = quantifier();
      if (ambiguous && quantifier != Quantifier.NONE && quantifier != Quantifier.OPTIONAL) {
        throw refused("it repeats a group that can match one text in several ways");
      }
      group.ambiguous |=
          ambiguous || (quantifier != Quantifier.NONE && quantifier != Quantifier.EXACT);
      group.consumes |= !empty && quantifier != Quantifier.OPTIONAL && quantifier != Quantifier.ANY;
    }
    if (!open.isEmpty()) {
      throw refused("it has a ( without a )");
    }
    return group.matchesEmpty();
  }

  /**
   * Just after an opening parenthesis: reads the group's kind; gives whether it is a look-around.
   */
  private boolean openGroup() {
    if (peek() == '*') {
      throw refused("it has a call-out");
    }
    if (peek() != '?') {
      return false;
    }
    at++;
    while (peek() == '-' || peek() == 'i' || peek() == 'm') { // options: (?i) and (?i:…)
      at++;
    }
    char kind = peek();
    if (kind == ')') {
      return false;
    }
    at++;
    switch (kind) {
      case ':', '>' -> {
        return false;
      }
      case '=', '!' -> {
        return true;
      }
      case '<' -> {
        if (peek() == '=' || peek() == '!') {
          at++;
          return true;
        }
        int end = pattern.indexOf('>', at);
        if (end < 0) {
          throw refused("it has a group name without an end");
        }
        at = end + 1;
        return false;
      }
      default -> throw refused("it has a group of unknown kind (?" + kind);
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

  /** Just after a backslash; gives whether the escape takes no character. */
  private boolean escape() {
    char c = peek();
    if ((c >= '1' && c <= '9') || c == 'k' || c == 'g' || c == 'K') {
      throw refused("it has a back-reference, a recursive call or \\K");
    }
    at++;
    if ((c == 'p' || c == 'P' || c == 'x') && peek() == '{') {
      int end = pattern.indexOf('}', at);
      at = end < 0 ? pattern.length() : end + 1;
    }
    return "bBAzZGyY".indexOf(c) >= 0;
  }

  private Quantifier quantifier() {
    Quantifier result = Quantifier.NONE;
    char c = peek();
    if (c == '*' || c == '+') {
      result = c == '*' ? Quantifier.ANY : Quantifier.AT_LEAST_ONCE;
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
    boolean zero = body.startsWith(",") || Integer.parseInt(body.split(",", -1)[0]) == 0;
    return zero ? Quantifier.ANY : body.contains(",") ? Quantifier.AT_LEAST_ONCE : Quantifier.EXACT;
  }

  private char peek() {
    return at < pattern.length() ? pattern.charAt(at) : '\0';
  }

  private TokenizerException refused(String why) {
    return new TokenizerException(
        where
            + " is refused: "
            + why
            + " (pattern: "
            + pattern.substring(0, Math.min(200, pattern.length()))
            + ")");
  }
}
