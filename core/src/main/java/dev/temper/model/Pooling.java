package dev.temper.model;

import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.stream.IntStream;

/**
 * One vector for each sequence, from the hidden states of its tokens. There is no padding, so
 * nothing has to be left out.
 */
public enum Pooling {
  /** The state of the first token: BERT's {@code [CLS]}. */
  FIRST {
    @Override
    public Tensor apply(Tensor hidden, Segments segments) {
      return rows(
          hidden,
          IntStream.range(0, segments.count())
              .map(
                  i -> segments.starts()[segments.prefixes()[i] < 0 ? i : segments.prefixes()[i]]));
    }
  },
  /** The mean over the tokens, those of a shared prefix included. */
  MEAN {
    @Override
    public Tensor apply(Tensor hidden, Segments segments) {
      int count = segments.count();
      int[] owners =
          IntStream.range(0, count)
              .flatMap(i -> IntStream.generate(() -> i).limit(segments.context(i)))
              .toArray();
      Tensor tokens = rows(hidden, IntStream.range(0, count).flatMap(i -> tokensOf(segments, i)));
      double[] share =
          IntStream.range(0, count).mapToDouble(i -> 1.0 / segments.context(i)).toArray();
      return Tensors.zeros(count, hidden.dim(1))
          .cast(hidden.dtype())
          .indexAdd(0, Tensors.ofInts(owners), tokens)
          .mul(Tensors.of(share, count, 1).cast(hidden.dtype()));
    }
  },
  /** The state of the last token, the only one that has seen all others in a decoder. */
  LAST {
    @Override
    public Tensor apply(Tensor hidden, Segments segments) {
      return rows(hidden, IntStream.range(0, segments.count()).map(i -> segments.ends()[i] - 1));
    }
  };

  /**
   * Pools.
   *
   * @param hidden [N, D]
   * @return [S, D], one row for each segment; that of a segment which others have as their prefix
   *     is the vector of the prefix alone
   */
  public abstract Tensor apply(Tensor hidden, Segments segments);

  private static IntStream tokensOf(Segments s, int i) {
    int prefix = s.prefixes()[i];
    IntStream own = IntStream.range(s.starts()[i], s.ends()[i]);
    return prefix < 0
        ? own
        : IntStream.concat(IntStream.range(s.starts()[prefix], s.ends()[prefix]), own);
  }

  private static Tensor rows(Tensor hidden, IntStream rows) {
    return hidden.indexSelect(0, Tensors.ofInts(rows.toArray()));
  }
}
