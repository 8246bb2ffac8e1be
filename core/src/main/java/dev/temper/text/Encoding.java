package dev.temper.text;

import java.util.Arrays;

/**
 * A text as tokens.
 *
 * <p>Spans are half-open ranges {@code [start, end)} in UTF-16 units of the original text, so
 * {@code text.substring(start, end)} is what a token covers. They may overlap: the byte tokens of
 * one character all cover that character. A token that the post-processor added covers {@code [0,
 * 0)}. The arrays are shared, not copied: do not write to them.
 *
 * @param ids token ids {@code [N]}
 * @param tokens the tokens as the vocabulary spells them {@code [N]}
 * @param starts first UTF-16 unit of each token {@code [N]}
 * @param ends past-last UTF-16 unit of each token {@code [N]}
 */
@SuppressWarnings(
    "ArrayRecordComponent") // N ids per text: boxing them would cost more than the rest of the
// encoding
public record Encoding(int[] ids, String[] tokens, int[] starts, int[] ends) {

  /** Checks that the four arrays have one length. */
  public Encoding {
    if (tokens.length != ids.length || starts.length != ids.length || ends.length != ids.length) {
      throw new IllegalArgumentException(
          "ids, tokens, starts and ends must have one length; got "
              + ids.length
              + ", "
              + tokens.length
              + ", "
              + starts.length
              + ", "
              + ends.length);
    }
  }

  /** The number of tokens. */
  public int length() {
    return ids.length;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Encoding that
        && Arrays.equals(ids, that.ids)
        && Arrays.equals(tokens, that.tokens)
        && Arrays.equals(starts, that.starts)
        && Arrays.equals(ends, that.ends);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(ids);
  }

  @Override
  public String toString() {
    return "Encoding" + Arrays.toString(tokens);
  }
}
