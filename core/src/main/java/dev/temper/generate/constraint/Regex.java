package dev.temper.generate.constraint;

import dev.temper.UserException;
import java.util.ArrayList;
import java.util.List;

/**
 * A regular expression as a tree. It always stands for whole texts.
 *
 * <p>{@link #parse} reads the part of the usual syntax that describes a regular language: literals,
 * {@code .} (anything but a line feed), {@code [a-z]} and {@code [^a-z]}, {@code \d \w \s \D \W \S}
 * (ASCII), {@code \t \n \r \f \v \0 \xHH \}{@code uHHHH}, groups, {@code |}, and the quantifiers
 * {@code * + ? {n} {n,} {n,m}}, with {@code ?} after them ignored: greedy and reluctant stand for
 * the same texts. {@code ^} at the beginning and {@code $} at the end are allowed and mean nothing.
 * Look-around, back-references, word borders, possessive quantifiers, properties and flags are
 * refused.
 */
public sealed interface Regex {
  /** The empty text. */
  record Empty() implements Regex {}

  /** One character of a set that is not empty. */
  record Chars(CharSet set) implements Regex {
    /** Refuses the empty set, which no text matches. */
    public Chars {
      if (set.isEmpty()) {
        throw new IllegalArgumentException("a character class without characters matches nothing");
      }
    }
  }

  /** One after the other. */
  record Sequence(List<Regex> parts) implements Regex {
    /** Copies the parts. */
    public Sequence {
      parts = List.copyOf(parts);
    }
  }

  /** Any of them; at least one. */
  record Choice(List<Regex> options) implements Regex {
    /** Copies and checks the options. */
    public Choice {
      options = List.copyOf(options);
      if (options.isEmpty()) {
        throw new IllegalArgumentException("a choice between no options matches nothing");
      }
    }
  }

  /**
   * Repeated from {@code min} to {@code max} times.
   *
   * @param max -1 is without limit
   */
  record Repeat(Regex part, int min, int max) implements Regex {
    /** Checks the bounds. */
    public Repeat {
      if (min < 0 || (max != -1 && max < min)) {
        throw new IllegalArgumentException(
            "repetition {" + min + "," + max + "} must have 0 <= min <= max");
      }
    }
  }

  /**
   * Reads an expression.
   *
   * @throws UserException with the position if the syntax is wrong or not supported
   */
  static Regex parse(String expression) {
    return new RegexParser(expression).parse();
  }

  /** Exactly this text. */
  static Regex literal(String text) {
    List<Regex> parts = new ArrayList<>();
    text.codePoints()
        .forEach(
            c -> {
              if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
                throw new UserException(
                    "a text with half a surrogate pair is not Unicode and cannot be generated");
              }
              parts.add(new Chars(CharSet.of(c, c)));
            });
    return sequence(parts);
  }

  /** One after the other. */
  static Regex sequence(Regex... parts) {
    return sequence(List.of(parts));
  }

  /** One after the other; the empty list is the empty text. */
  static Regex sequence(List<Regex> parts) {
    return parts.isEmpty() ? new Empty() : parts.size() == 1 ? parts.get(0) : new Sequence(parts);
  }

  /** Any of them. */
  static Regex choice(List<Regex> options) {
    return options.size() == 1 ? options.get(0) : new Choice(options);
  }

  /** This or nothing. */
  default Regex optional() {
    return new Repeat(this, 0, 1);
  }

  /** Any number of times. */
  default Regex repeated() {
    return new Repeat(this, 0, -1);
  }
}
