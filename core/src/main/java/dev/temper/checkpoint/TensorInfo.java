package dev.temper.checkpoint;

import java.util.List;

/**
 * What a header says of one tensor.
 *
 * @param begin first byte, counted from the start of the data section
 * @param end one past the last byte
 */
public record TensorInfo(String name, StoredType type, List<Long> shape, long begin, long end) {
  /** Checks nothing but copies the shape. */
  public TensorInfo {
    shape = List.copyOf(shape);
  }

  /** Size in bytes. */
  public long bytes() {
    return end - begin;
  }

  /** Sizes of the dimensions. */
  public long[] dims() {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }

  /** Number of elements. */
  public long elements() {
    long n = 1;
    for (long d : shape) {
      n *= d;
    }
    return n;
  }
}
