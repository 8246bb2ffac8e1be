package dev.temper.data;

import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * An immutable sequence of examples with random access. Safe to read from several threads if its
 * elements are.
 *
 * @param <E> type of an example
 */
public interface Dataset<E> {
  /** Number of examples. */
  long size();

  /**
   * The example at {@code index}.
   *
   * @throws IndexOutOfBoundsException unless {@code 0 <= index < size()}
   */
  E get(long index);

  /** A data set of the elements of a list, which is copied. */
  static <E> Dataset<E> of(List<? extends E> elements) {
    List<E> copy = List.copyOf(elements);
    return new Dataset<>() {
      @Override
      public long size() {
        return copy.size();
      }

      @Override
      public E get(long index) {
        Objects.checkIndex(index, size());
        return copy.get((int) index);
      }
    };
  }

  /** The data sets one after the other. */
  static <E> Dataset<E> concat(List<? extends Dataset<? extends E>> parts) {
    return new ConcatDataset<>(parts);
  }

  /** Each example transformed when it is read, not before and not once for all. */
  default <R> Dataset<R> map(Function<? super E, ? extends R> transform) {
    Dataset<E> source = this;
    return new Dataset<>() {
      @Override
      public long size() {
        return source.size();
      }

      @Override
      public R get(long index) {
        return transform.apply(source.get(index));
      }
    };
  }

  /** The examples in order. */
  default Stream<E> stream() {
    return LongStream.range(0, size()).mapToObj(this::get);
  }

  /**
   * Takes a part out at random, to evaluate on; both parts keep the order of this data set.
   *
   * @param heldOut how much to take out
   * @param seed which examples are taken is a function of this and the size alone
   * @throws DataException if no example would be left on one of the sides
   */
  default Split<E> split(HeldOut heldOut, long seed) {
    return HeldOutSplit.of(this, heldOut, seed);
  }

  /**
   * A data set in two disjoint parts that together are the whole.
   *
   * @param train the part to train on
   * @param heldOut the part to evaluate on
   * @param <E> type of an example
   */
  record Split<E>(Dataset<E> train, Dataset<E> heldOut) {}
}
