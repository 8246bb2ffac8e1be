package dev.temper.data;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Packs examples into sequences of at most a given length, as TRL's strategies of the same names
 * do, bin for bin. Empty examples vanish.
 *
 * <p>Training here needs no padding, with or without packing: what packing changes is how many
 * tokens a step has, and with {@link #WRAPPED} what a token can see.
 */
public enum Packing {
  /**
   * Best-fit decreasing: examples, longest first, go to the sequence with the least space that
   * still fits them. What exceeds the length is cut off (Ding et al. 2024, "Fewer Truncations
   * Improve Language Modeling", without its splitting).
   */
  BFD {
    @Override
    List<PackedSequence> packed(List<TokenExample> examples, int maxLength) {
      List<TokenExample> cut = new ArrayList<>();
      for (TokenExample example : examples) {
        cut.add(example.slice(0, Math.min(example.length(), maxLength)));
      }
      return bestFit(cut, maxLength);
    }
  },

  /**
   * As {@link #BFD}, but an example that is too long is split into pieces instead of being cut off,
   * so that no token is lost.
   */
  BFD_SPLIT {
    @Override
    List<PackedSequence> packed(List<TokenExample> examples, int maxLength) {
      List<TokenExample> pieces = new ArrayList<>();
      for (TokenExample example : examples) {
        for (int from = 0; from < example.length(); from += maxLength) {
          pieces.add(example.slice(from, from + Math.min(maxLength, example.length() - from)));
        }
      }
      return bestFit(pieces, maxLength);
    }
  },

  /**
   * All tokens one after the other, cut every {@code maxLength}; each piece is one segment. Tokens
   * see earlier examples in their piece, and the first token of an example is predicted, with its
   * weight, from the example before it. The origin of a piece is that of its first token.
   */
  WRAPPED {
    @Override
    List<PackedSequence> packed(List<TokenExample> examples, int maxLength) {
      List<PackedSequence> sequences = new ArrayList<>();
      List<TokenExample> open = new ArrayList<>();
      int length = 0;
      for (TokenExample example : examples) {
        int from = 0;
        while (from < example.length()) {
          int to = from + Math.min(maxLength - length, example.length() - from);
          open.add(example.slice(from, to));
          length += to - from;
          from = to;
          if (length == maxLength) {
            sequences.add(joined(open, length));
            open.clear();
            length = 0;
          }
        }
      }
      if (length > 0) {
        sequences.add(joined(open, length));
      }
      return sequences;
    }
  };

  /**
   * Packs the examples.
   *
   * @param examples in order; where lengths are equal the order decides
   * @param maxLength most tokens of a sequence, at least 1
   * @return the sequences, in the order in which they were begun
   */
  public List<PackedSequence> pack(List<TokenExample> examples, int maxLength) {
    if (maxLength < 1) {
      throw new IllegalArgumentException("maxLength: " + maxLength + " must be at least 1 token");
    }
    return packed(examples, maxLength);
  }

  abstract List<PackedSequence> packed(List<TokenExample> examples, int maxLength);

  private static List<PackedSequence> bestFit(List<TokenExample> pieces, int maxLength) {
    int[] lengths = pieces.stream().mapToInt(TokenExample::length).toArray();
    List<List<TokenExample>> bins = new ArrayList<>();
    TreeMap<Integer, Deque<List<TokenExample>>> bySpace = new TreeMap<>();
    for (int i : TokenBudget.longestFirst(lengths)) {
      if (lengths[i] == 0) {
        break; // only empty pieces follow
      }
      Map.Entry<Integer, Deque<List<TokenExample>>> fit = bySpace.ceilingEntry(lengths[i]);
      int space = maxLength;
      List<TokenExample> bin;
      if (fit == null) {
        bin = new ArrayList<>();
        bins.add(bin);
      } else {
        space = fit.getKey();
        bin = fit.getValue().removeFirst();
        if (fit.getValue().isEmpty()) {
          bySpace.remove(space);
        }
      }
      bin.add(pieces.get(i));
      bySpace.computeIfAbsent(space - lengths[i], s -> new ArrayDeque<>()).addLast(bin);
    }
    return bins.stream().map(PackedSequence::new).toList();
  }

  private static PackedSequence joined(List<TokenExample> pieces, int length) {
    int[] ids = new int[length];
    float[] weights = new float[length];
    int at = 0;
    for (TokenExample piece : pieces) {
      System.arraycopy(piece.ids(), 0, ids, at, piece.length());
      System.arraycopy(piece.weights(), 0, weights, at, piece.length());
      at += piece.length();
    }
    return new PackedSequence(List.of(new TokenExample(ids, weights, pieces.get(0).origin())));
  }
}
