package dev.temper.checkpoint;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Supplier;

/**
 * A tensor to be written: its bytes are asked for only when their turn comes, so that one tensor at
 * a time is in memory.
 *
 * @param bytes little-endian elements of {@code type}, row-major
 */
public record TensorSource(
    String name, StoredType type, List<Long> shape, Supplier<ByteBuffer> bytes) {
  /**
   * Copies the shape.
   *
   * @throws IllegalArgumentException if a size is negative, there are more bytes than a long can
   *     count, or the elements do not fill whole bytes
   */
  public TensorSource {
    shape = List.copyOf(shape);
    for (long d : shape) {
      if (d < 0) {
        throw new IllegalArgumentException(
            name + ": shape " + shape + " holds the negative size " + d);
      }
    }
    long bits;
    try {
      bits = bits(type, shape);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          name + ": the number of elements of shape " + shape + " overflows", e);
    }
    if (bits % 8 != 0) {
      throw new IllegalArgumentException(
          name
              + ": "
              + type
              + " "
              + shape
              + " has "
              + bits
              + " bits, which is no whole number of bytes");
    }
  }

  /** A tensor of floats, stored as F32, F16 or BF16. */
  public static TensorSource floats(
      String name, StoredType type, long[] shape, Supplier<float[]> values) {
    List<Long> dims = java.util.Arrays.stream(shape).boxed().toList();
    return new TensorSource(name, type, dims, () -> narrow(name, type, values.get()));
  }

  private static ByteBuffer narrow(String name, StoredType type, float[] values) {
    ByteBuffer out =
        ByteBuffer.allocate(Math.multiplyExact(values.length, type.bits() / 8))
            .order(java.nio.ByteOrder.LITTLE_ENDIAN);
    switch (type) {
      case F32 -> out.asFloatBuffer().put(values);
      case BF16 -> {
        for (int i = 0; i < values.length; i++) {
          out.putShort(2 * i, Floats.toBf16(values[i]));
        }
      }
      case F16 -> {
        for (int i = 0; i < values.length; i++) {
          out.putShort(2 * i, Floats.toF16(values[i]));
        }
      }
      default ->
          throw new IllegalArgumentException(
              name + ": floats are stored as F32, F16 or BF16, not " + type);
    }
    return out;
  }

  long byteSize() {
    return bits(type, shape) / 8;
  }

  long elements() {
    return bits(type, shape) / type.bits();
  }

  private static long bits(StoredType type, List<Long> shape) {
    long n = type.bits();
    for (long d : shape) {
      n = Math.multiplyExact(n, d);
    }
    return n;
  }
}
