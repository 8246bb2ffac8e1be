package dev.temper.generate;

import java.util.List;
import java.util.stream.IntStream;

/**
 * When a completion ends, besides its length: at a stop token, or when its text contains a stop
 * string.
 *
 * <pre>{@code
 * StopConditions.tokens(eosId).strings("\nUser:", "</answer>").including()
 * }</pre>
 *
 * <p>Stop strings are looked for in the text, so they may begin and end inside a token. The
 * prompt's text is not searched.
 *
 * @param tokens ids that end the completion; they stay in its ids and are not part of its text
 * @param strings texts that end the completion, each non-empty
 * @param cut where the text ends when a stop string is found
 */
public record StopConditions(List<Integer> tokens, List<String> strings, Cut cut) {
  /** Where the text ends when a stop string is found. */
  public enum Cut {
    /** The stop string is not part of the text. */
    BEFORE,
    /** The stop string is the end of the text. */
    AFTER
  }

  /** Copies and checks the settings. */
  public StopConditions {
    tokens = tokens.stream().distinct().toList();
    strings = strings.stream().distinct().toList();
    for (int id : tokens) {
      Checks.check(
          id >= 0, "stop token id", id, "0 or more", "take ids from the model's tokenizer");
    }
    for (String string : strings) {
      Checks.check(
          !string.isEmpty(),
          "stop string",
          "\"\"",
          "non-empty",
          "an empty string occurs everywhere; leave it out");
      Checks.check(
          isWellFormed(string),
          "stop string",
          "\"" + string + "\"",
          "valid UTF-16 without half a surrogate pair",
          "do not cut it inside a character");
    }
  }

  /** Only the length ends a completion. */
  public static StopConditions none() {
    return new StopConditions(List.of(), List.of(), Cut.BEFORE);
  }

  /** Stops at any of these ids. */
  public static StopConditions tokens(int... ids) {
    return new StopConditions(IntStream.of(ids).boxed().toList(), List.of(), Cut.BEFORE);
  }

  /** Stops at any of these ids. */
  public static StopConditions tokens(List<Integer> ids) {
    return new StopConditions(ids, List.of(), Cut.BEFORE);
  }

  /** These conditions with the given stop strings in place of the present ones. */
  public StopConditions strings(String... texts) {
    return new StopConditions(tokens, List.of(texts), cut);
  }

  /** These conditions, keeping the stop string at the end of the text. */
  public StopConditions including() {
    return new StopConditions(tokens, strings, Cut.AFTER);
  }

  /** Whether a generated id ends the completion. */
  public boolean isStopToken(int id) {
    for (int i = 0; i < tokens.size(); i++) {
      if (tokens.get(i) == id) {
        return true;
      }
    }
    return false;
  }

  /** A scanner for the text of one completion. */
  public StopScanner scanner() {
    return new StopScanner(strings, cut);
  }

  private static boolean isWellFormed(String text) {
    return text.codePoints()
        .noneMatch(point -> point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE);
  }
}
