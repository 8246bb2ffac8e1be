package dev.temper.data;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The order of one data set after another pass; keeps the permutation of the pass it is in. */
final class Pass {
  private final long size;
  private final DataOrder order;
  private final long stream;
  private long epoch = -1;
  private @Nullable Permutation permutation;

  /** {@code stream} makes data sets of the same size and seed come in different orders. */
  Pass(long size, DataOrder order, long stream) {
    this.size = size;
    this.order = order;
    this.stream = stream;
  }

  long at(long pass, long position) {
    if (!(order instanceof DataOrder.Shuffled shuffled)) {
      return position;
    }
    Permutation current = permutation;
    if (current == null || epoch != pass) {
      current = new Permutation(size, Hash64.hash(shuffled.seed(), stream), pass);
      permutation = current;
      epoch = pass;
    }
    return current.at(position);
  }

  /** Copies and checks the sizes of the data sets. */
  static List<Long> checked(List<Long> sizes) {
    if (sizes.isEmpty()) {
      throw new IllegalArgumentException("sizes: empty; give at least one data set");
    }
    for (int i = 0; i < sizes.size(); i++) {
      if (sizes.get(i) < 1) {
        throw new DataException("data set " + (i + 1) + " of " + sizes.size() + " has no examples");
      }
    }
    return List.copyOf(sizes);
  }

  /** Checks that a state belongs to the same data and seed; {@code total} examples are a pass. */
  static void check(CursorState state, List<Long> sizes, long total, long seed, int drawn) {
    if (!state.sizes().equals(sizes)) {
      throw new DataException(
          "cannot resume: the data has "
              + sizes
              + " examples, but had "
              + state.sizes()
              + " when the state was saved; use the same data");
    }
    if (state.seed() != seed) {
      throw new DataException(
          "cannot resume: the data seed is "
              + seed
              + ", but was "
              + state.seed()
              + " when the state was saved");
    }
    if (state.drawn().size() != drawn) {
      throw new DataException(
          "cannot resume: the state is of "
              + (drawn == 0 ? "a mixture, the data is not mixed" : "data that is not mixed"));
    }
    if (state.position() >= total) {
      throw new DataException(
          "cannot resume: position "
              + state.position()
              + " is not within a pass of "
              + total
              + " examples");
    }
  }
}
