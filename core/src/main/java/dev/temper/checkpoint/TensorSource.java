package dev.temper.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A tensor to be read or written, and the place its bytes come from. Cutting, joining, transposing
 * and narrowing make new sources that do the work when their bytes are asked for, a piece at a
 * time: a fused projection is split, or three are fused, without a copy of either in memory.
 *
 * <pre>{@code
 * TensorSource qkv = checkpoint.source("h.0.attn.c_attn.weight").transpose();   // Conv1D → Linear
 * TensorSource q = qkv.rows(0, d).named("q_proj.weight");
 * TensorSource back = TensorSource.concatenate("h.0.attn.c_attn.weight", List.of(q, k, v)).transpose();
 * }</pre>
 *
 * @param data little-endian elements of {@code type}, row-major
 */
public record TensorSource(String name, StoredType type, List<Long> shape, TensorData data) {
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

  /** A tensor whose bytes are in one buffer, which is asked for when its turn to be read comes. */
  public TensorSource(String name, StoredType type, List<Long> shape, Supplier<ByteBuffer> bytes) {
    this(name, type, shape, new BufferData(name, type, List.copyOf(shape), bytes));
  }

  /** A tensor of floats on the heap, stored as F32, F16 or BF16. */
  public static TensorSource floats(
      String name, StoredType type, long[] shape, Supplier<float[]> values) {
    return new TensorSource(
            name,
            StoredType.F32,
            Arrays.stream(shape).boxed().toList(),
            () -> littleEndian(values.get()))
        .as(type);
  }

  private static ByteBuffer littleEndian(float[] values) {
    ByteBuffer out =
        ByteBuffer.allocate(Math.multiplyExact(values.length, Float.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    out.asFloatBuffer().put(values);
    return out;
  }

  /** The same tensor under another name. */
  public TensorSource named(String newName) {
    return new TensorSource(newName, type, shape, data);
  }

  /** Sizes of the dimensions. */
  public long[] dims() {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }

  /** Size in bytes. */
  public long byteSize() {
    return bits(type, shape) / 8;
  }

  /** Number of elements. */
  public long elements() {
    return bits(type, shape) / type.bits();
  }

  /**
   * Rows {@code [from, to)} of the first dimension; still mapped where this is.
   *
   * @throws IllegalArgumentException if there are no such rows
   */
  public TensorSource rows(long from, long to) {
    if (shape.isEmpty() || from < 0 || from > to || to > shape.get(0)) {
      throw new IllegalArgumentException(
          name + " " + shape + ": has no rows [" + from + ", " + to + ")");
    }
    List<Long> cut = new ArrayList<>(shape);
    cut.set(0, to - from);
    long row = shape.get(0) == 0 ? 0 : byteSize() / shape.get(0);
    return new TensorSource(name, type, cut, Layouts.from(data, from * row));
  }

  /**
   * Tensors joined along the first dimension.
   *
   * @throws IllegalArgumentException if there are none, or types or other dimensions differ
   */
  public static TensorSource concatenate(String name, List<TensorSource> parts) {
    if (parts.isEmpty()) {
      throw new IllegalArgumentException(name + ": there is nothing to concatenate");
    }
    TensorSource first = parts.get(0);
    long rows = 0;
    for (TensorSource p : parts) {
      if (p.type() != first.type()
          || p.shape().isEmpty()
          || !tail(p.shape()).equals(tail(first.shape()))) {
        throw new IllegalArgumentException(
            name
                + ": "
                + p.name()
                + " "
                + p.type()
                + " "
                + p.shape()
                + " cannot be joined along the first dimension to "
                + first.name()
                + " "
                + first.type()
                + " "
                + first.shape());
      }
      rows += p.shape().get(0);
    }
    List<Long> joined = new ArrayList<>(first.shape());
    joined.set(0, rows);
    return new TensorSource(name, first.type(), joined, Layouts.concatenated(parts));
  }

  /**
   * The transposed matrix.
   *
   * @throws IllegalArgumentException if it has not two dimensions, or elements of less than a byte
   */
  public TensorSource transpose() {
    if (shape.size() != 2 || type.bits() % 8 != 0) {
      throw new IllegalArgumentException(
          name + " " + type + " " + shape + ": only matrices of whole bytes can be transposed");
    }
    long rows = shape.get(0);
    long columns = shape.get(1);
    return new TensorSource(
        name,
        type,
        List.of(columns, rows),
        Layouts.transposed(data, rows, columns, type.bits() / 8));
  }

  /**
   * The tensor in another element type: F32 as F16 or BF16, rounded to nearest, ties to even, NaN
   * stays NaN; BF16 as F32, exactly.
   *
   * @throws IllegalArgumentException for other conversions
   */
  public TensorSource as(StoredType wanted) {
    if (wanted == type) {
      return this;
    }
    if (type == StoredType.BF16 && wanted == StoredType.F32) {
      return new TensorSource(name, wanted, shape, Layouts.widened(data));
    }
    if (type == StoredType.F32 && (wanted == StoredType.F16 || wanted == StoredType.BF16)) {
      return new TensorSource(name, wanted, shape, Layouts.narrowed(data, wanted));
    }
    throw new IllegalArgumentException(
        name
            + ": "
            + type
            + " cannot be stored as "
            + wanted
            + "; floats are stored as F32, F16 or BF16");
  }

  private static List<Long> tail(List<Long> shape) {
    return shape.subList(1, shape.size());
  }

  private static long bits(StoredType type, List<Long> shape) {
    long n = type.bits();
    for (long d : shape) {
      n = Math.multiplyExact(n, d);
    }
    return n;
  }

  /** Keeps the buffer from the first byte read to the last. */
  private static final class BufferData implements TensorData {
    private final String name;
    private final StoredType type;
    private final List<Long> shape;
    private final Supplier<ByteBuffer> supplier;
    private @Nullable ByteBuffer current;

    BufferData(String name, StoredType type, List<Long> shape, Supplier<ByteBuffer> supplier) {
      this.name = name;
      this.type = type;
      this.shape = shape;
      this.supplier = supplier;
    }

    @Override
    public synchronized void read(long offset, ByteBuffer into) {
      ByteBuffer bytes = current;
      if (bytes == null) {
        bytes = supplier.get().slice();
        long expected = bits(type, shape) / 8;
        if (bytes.remaining() != expected) {
          throw new CheckpointException(
              "tensor '" + name + "': " + bytes.remaining() + " bytes for " + type + " " + shape);
        }
        current = bytes;
      }
      int n = into.remaining();
      into.put(bytes.slice((int) offset, n));
      if (offset + n == bytes.limit()) {
        current = null;
      }
    }
  }
}
