package dev.temper.data;

import java.util.List;

/**
 * Decides which examples come next, without end: after one pass follows the next. Not thread-safe.
 *
 * <p>Indices are those of the sources one after the other, that is of {@link Dataset#concat}. A
 * cursor resumed from a {@link #state()} gives what the first one would have given.
 */
public sealed interface DataCursor permits ConcatCursor, MixtureCursor {
  /**
   * The next {@code n} indices; may run over into the next pass.
   *
   * @param n 0 or more
   */
  long[] next(int n);

  /** The place, to be saved. */
  CursorState state();

  /**
   * Goes to a saved place.
   *
   * @throws DataException if the state is of other data, another seed or another kind of cursor
   */
  void resume(CursorState state);

  /** Passes that are complete. */
  long epoch();

  /** Examples in a pass; for a mixture the {@link StopRule} decides. */
  long size();

  /**
   * Over one data set: every pass has each example once.
   *
   * @param size number of examples, at least 1
   */
  static DataCursor over(long size, DataOrder order) {
    return new ConcatCursor(List.of(size), order);
  }

  /** Over several data sets taken together as one: every pass has each example once. */
  static DataCursor concat(List<Long> sizes, DataOrder order) {
    return new ConcatCursor(sizes, order);
  }

  /**
   * Over several data sets mixed at random: each example comes from data set i with probability
   * {@code weights[i] / sum of weights}. Each data set goes through its own passes, so a small one
   * with a large weight repeats before a large one has been seen once. A pass is as many examples
   * as the data sets have together.
   *
   * @param sizes numbers of examples, at least 1 each
   * @param weights as many, positive and finite; only their ratios count
   * @param order order within each data set
   * @param seed decides which data set comes when
   */
  static DataCursor mixture(List<Long> sizes, List<Double> weights, DataOrder order, long seed) {
    return mixture(sizes, weights, order, seed, StopRule.TOTAL_SIZE);
  }

  /**
   * As the other, with a choice of what a pass is.
   *
   * @param stop when the first pass ends; later passes are as long, wherever the data sets stand
   */
  static DataCursor mixture(
      List<Long> sizes, List<Double> weights, DataOrder order, long seed, StopRule stop) {
    return new MixtureCursor(sizes, weights, order, seed, stop);
  }
}
