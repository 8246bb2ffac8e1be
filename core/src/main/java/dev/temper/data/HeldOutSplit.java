package dev.temper.data;

import java.util.Arrays;
import java.util.Objects;

/** Both sides of a split, as views: only the sorted indices of the held-out part are stored. */
final class HeldOutSplit {
  private HeldOutSplit() {}

  static <E> Dataset.Split<E> of(Dataset<E> source, HeldOut heldOut, long seed) {
    long size = source.size();
    long count = heldOut.of(size);
    if (count >= size) {
      throw new DataException(
          "cannot hold out "
              + count
              + " of "
              + size
              + " examples and train on the rest: no example would be left");
    }
    if (count > Integer.MAX_VALUE - 8) {
      throw new DataException("cannot hold out " + count + " examples; hold out fewer");
    }
    Permutation order = new Permutation(size, seed, 0);
    long[] held = new long[(int) count];
    Arrays.setAll(held, order::at);
    Arrays.sort(held);
    return new Dataset.Split<>(new Rest<>(source, held), new Selected<>(source, held));
  }

  @SuppressWarnings("ArrayRecordComponent") // private, never compared
  private record Selected<E>(Dataset<E> source, long[] held) implements Dataset<E> {
    @Override
    public long size() {
      return held.length;
    }

    @Override
    public E get(long index) {
      Objects.checkIndex(index, size());
      return source.get(held[(int) index]);
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // private, never compared
  private record Rest<E>(Dataset<E> source, long[] held) implements Dataset<E> {
    @Override
    public long size() {
      return source.size() - held.length;
    }

    @Override
    public E get(long index) {
      Objects.checkIndex(index, size());
      // held[j] - j examples of this side stand before held[j]: skip every held-out example with at
      // most `index` of them.
      int low = 0;
      int high = held.length;
      while (low < high) {
        int middle = (low + high) >>> 1;
        if (held[middle] - middle <= index) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      return source.get(index + low);
    }
  }
}
