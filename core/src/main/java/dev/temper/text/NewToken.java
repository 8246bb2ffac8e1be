package dev.temper.text;

/**
 * A token to add to a tokenizer.
 *
 * @param content the text it stands for, not empty
 * @param special whether it is a control token: dropped by decoding with {@code skipSpecialTokens},
 *     ignored by {@link Tokenizer#encodePlain}
 */
public record NewToken(String content, boolean special) {
  /** Checks that there is a text. */
  public NewToken {
    if (content.isEmpty()) {
      throw new IllegalArgumentException("content of a new token must not be empty");
    }
  }

  /** A control token, such as {@code <|think|>}. */
  public static NewToken special(String content) {
    return new NewToken(content, true);
  }

  /** A word of its own, found in the normalised text. */
  public static NewToken word(String content) {
    return new NewToken(content, false);
  }
}
