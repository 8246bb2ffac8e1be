package dev.temper.data;

import java.util.List;

/**
 * Examples that are trained together within one length.
 *
 * @param segments at least one; positions restart and attention ends at each, so the first token of
 *     each is not predicted
 */
public record PackedSequence(List<TokenExample> segments) {
  /** Copies the list. */
  public PackedSequence {
    segments = List.copyOf(segments);
  }

  /** A sequence of one example. */
  public static PackedSequence of(TokenExample example) {
    return new PackedSequence(List.of(example));
  }

  /** Number of tokens that are trained. */
  public int trainedTokens() {
    return segments.stream().mapToInt(TokenExample::trainedTokens).sum();
  }

  /** Number of tokens. */
  public int length() {
    return segments.stream().mapToInt(TokenExample::length).sum();
  }
}
