package dev.temper.data;

import java.util.ArrayList;
import java.util.List;

/** Draws a data set for every example, by a random number that is a function of seed and draw. */
final class MixtureCursor implements DataCursor {
  private final List<Long> sizes;
  private final long size;
  private final long seed;
  private final double[] cumulative;
  private final long[] offsets;
  private final Pass[] passes;
  private final long[] drawn;
  private long epoch;
  private long position;

  MixtureCursor(List<Long> sizes, List<Double> weights, DataOrder order, long seed, StopRule stop) {
    this.sizes = Pass.checked(sizes);
    this.seed = seed;
    int n = sizes.size();
    if (weights.size() != n) {
      throw new IllegalArgumentException(
          "weights: " + weights.size() + " for " + n + " data sets; give one for each");
    }
    cumulative = new double[n];
    offsets = new long[n];
    passes = new Pass[n];
    drawn = new long[n];
    double sum = 0;
    long end = 0;
    for (int i = 0; i < n; i++) {
      double weight = weights.get(i);
      if (!(weight > 0) || Double.isInfinite(weight)) {
        throw new DataException(
            "weight of data set "
                + (i + 1)
                + " is "
                + weight
                + "; it must be positive and finite (leave out a data set of weight 0)");
      }
      sum += weight;
      cumulative[i] = sum;
      offsets[i] = end;
      end = Math.addExact(end, sizes.get(i));
      passes[i] = new Pass(sizes.get(i), order, i + 1L);
    }
    size = stop == StopRule.TOTAL_SIZE ? end : drawsUntil(stop);
  }

  /** Draws of the first pass; later passes are as long. */
  private long drawsUntil(StopRule stop) {
    long[] left = sizes.stream().mapToLong(Long::longValue).toArray();
    int unfinished = left.length;
    long draws = 0;
    while (unfinished > 0) {
      if (--left[source(draws++)] == 0) {
        unfinished--;
        if (stop == StopRule.FIRST_EXHAUSTED) {
          break;
        }
      }
    }
    return draws;
  }

  @Override
  public long[] next(int n) {
    long[] indices = new long[n];
    for (int i = 0; i < n; i++) {
      int source = source(epoch * size + position);
      long taken = drawn[source]++;
      indices[i] =
          offsets[source] + passes[source].at(taken / sizes.get(source), taken % sizes.get(source));
      if (++position == size) {
        position = 0;
        epoch++;
      }
    }
    return indices;
  }

  @Override
  public CursorState state() {
    List<Long> counts = new ArrayList<>();
    for (long count : drawn) {
      counts.add(count);
    }
    return new CursorState(seed, epoch, position, sizes, counts);
  }

  @Override
  public void resume(CursorState state) {
    Pass.check(state, sizes, size, seed, drawn.length);
    long total = state.drawn().stream().mapToLong(Long::longValue).sum();
    if (total != state.epoch() * size + state.position()) {
      throw new DataException(
          "cannot resume: the data sets gave "
              + total
              + " examples, the place is "
              + (state.epoch() * size + state.position()));
    }
    epoch = state.epoch();
    position = state.position();
    for (int i = 0; i < drawn.length; i++) {
      drawn[i] = state.drawn().get(i);
    }
  }

  @Override
  public long epoch() {
    return epoch;
  }

  @Override
  public long size() {
    return size;
  }

  private int source(long draw) {
    int last = cumulative.length - 1;
    double at = Hash64.uniform(seed, draw) * cumulative[last];
    int source = 0;
    while (source < last && at >= cumulative[source]) {
      source++;
    }
    return source;
  }
}
