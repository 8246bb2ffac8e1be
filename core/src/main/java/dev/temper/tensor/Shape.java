package dev.temper.tensor;

import java.util.Arrays;

/** Sizes of a tensor's dimensions; immutable. A scalar has rank 0 and one element. */
public final class Shape {
  private final long[] dims;

  private Shape(long[] dims) {
    this.dims = dims;
  }

  /**
   * A shape with these sizes.
   *
   * @throws IllegalArgumentException if a size is negative or the number of elements overflows
   */
  public static Shape of(long... dims) {
    long elements = 1;
    for (long d : dims) {
      if (d < 0) {
        throw new IllegalArgumentException(
            "shape " + Arrays.toString(dims) + ": sizes must be >= 0");
      }
      elements = Math.multiplyExact(elements, d);
    }
    return new Shape(dims.clone());
  }

  /** Number of dimensions. */
  public int rank() {
    return dims.length;
  }

  /** Size of dimension {@code i}; negative counts from the end, -1 is the last. */
  public long dim(int i) {
    int index = i < 0 ? dims.length + i : i;
    if (index < 0 || index >= dims.length) {
      throw new IllegalArgumentException(
          "dimension " + i + " of shape " + this + " does not exist");
    }
    return dims[index];
  }

  /** Number of elements. */
  public long size() {
    long n = 1;
    for (long d : dims) {
      n *= d;
    }
    return n;
  }

  /** A copy of the sizes. */
  public long[] dims() {
    return dims.clone();
  }

  /** Index of dimension {@code i} counted from the front. */
  int axis(int i) {
    int index = i < 0 ? dims.length + i : i;
    if (index < 0 || index >= Math.max(dims.length, 1)) {
      throw new IllegalArgumentException(
          "dimension " + i + " of shape " + this + " does not exist");
    }
    return index;
  }

  ai.djl.ndarray.types.Shape engineShape() {
    return new ai.djl.ndarray.types.Shape(dims);
  }

  static Shape of(ai.djl.ndarray.types.Shape shape) {
    return new Shape(shape.getShape());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape s && Arrays.equals(dims, s.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  @Override
  public String toString() {
    return Arrays.toString(dims);
  }
}
