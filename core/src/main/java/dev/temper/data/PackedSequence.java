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

  /** Number of tokens. */
  public int length() {
    return segments.stream().mapToInt(TokenExample::length).sum();
  }
}
