package dev.temper.data;

import java.util.List;

/** One order over all examples. */
final class ConcatCursor implements DataCursor {
  private final List<Long> sizes;
  private final long size;
  private final long seed;
  private final Pass pass;
  private long epoch;
  private long position;

  ConcatCursor(List<Long> sizes, DataOrder order) {
    this.sizes = Pass.checked(sizes);
    this.size = this.sizes.stream().mapToLong(Long::longValue).reduce(0, Math::addExact);
    this.seed = order instanceof DataOrder.Shuffled shuffled ? shuffled.seed() : 0;
    this.pass = new Pass(size, order, 0);
  }

  @Override
  public long[] next(int n) {
    long[] indices = new long[n];
    for (int i = 0; i < n; i++) {
      indices[i] = pass.at(epoch, position);
      if (++position == size) {
        position = 0;
        epoch++;
      }
    }
    return indices;
  }

  @Override
  public CursorState state() {
    return new CursorState(seed, epoch, position, sizes, List.of());
  }

  @Override
  public void resume(CursorState state) {
    Pass.check(state, sizes, size, seed, 0);
    epoch = state.epoch();
    position = state.position();
  }

  @Override
  public long epoch() {
    return epoch;
  }

  @Override
  public long size() {
    return size;
  }
}
