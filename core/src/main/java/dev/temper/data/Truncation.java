package dev.temper.data;

import java.util.ArrayList;
import java.util.List;

/**
 * Cuts examples to a length and drops those that have nothing left to train.
 *
 * <p>Difference from TRL: an example whose only trained token is its first is dropped too, because
 * nothing predicts that token; TRL keeps it and trains nothing.
 *
 * @param maxLength most tokens of an example, at least 1
 * @param keep which end stays
 */
public record Truncation(int maxLength, Keep keep) {
  /** Which end of a long example stays. */
  public enum Keep {
    /** The first tokens stay. */
    START,
    /** The last tokens stay. */
    END
  }

  /** Checks the range. */
  public Truncation {
    if (maxLength < 1) {
      throw new IllegalArgumentException("maxLength: " + maxLength + " must be at least 1 token");
    }
  }

  /** Keeps the first {@code maxLength} tokens. */
  public static Truncation keepStart(int maxLength) {
    return new Truncation(maxLength, Keep.START);
  }

  /** The example cut to the length, whether or not anything is left to train. */
  public TokenExample cut(TokenExample example) {
    int excess = Math.max(0, example.length() - maxLength);
    return keep == Keep.START
        ? example.slice(0, example.length() - excess)
        : example.slice(excess, example.length());
  }

  /** Cuts every example and drops those without a trained token. */
  public Result apply(List<TokenExample> examples) {
    List<TokenExample> kept = new ArrayList<>();
    int truncated = 0;
    for (TokenExample example : examples) {
      TokenExample cut = cut(example);
      if (cut.trainedTokens() > 0) {
        kept.add(cut);
        truncated += cut.length() < example.length() ? 1 : 0;
      }
    }
    return new Result(kept, truncated, examples.size() - kept.size());
  }

  /**
   * What is left.
   *
   * @param kept the examples to train on, in order
   * @param truncated how many of them were cut
   * @param dropped how many examples had no trained token left
   */
  public record Result(List<TokenExample> kept, int truncated, int dropped) {
    /** Copies the list. */
    public Result {
      kept = List.copyOf(kept);
    }
  }
}
