package dev.temper.checkpoint.gguf;

import dev.temper.checkpoint.Floats;
import dev.temper.checkpoint.StoredType;
import dev.temper.checkpoint.TensorData;
import dev.temper.checkpoint.TensorInfo;
import dev.temper.checkpoint.TensorSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.LongUnaryOperator;

/**
 * The values of a tensor as floats, row-major, a piece at a time: whoever reads brings the memory,
 * so that no tensor need be in memory as a whole.
 */
@FunctionalInterface
public interface Values {
  /** Writes the {@code count} values from {@code from} on to {@code out}, at {@code at}. */
  void read(long from, float[] out, int at, int count);

  /** Values on the heap. */
  static Values of(float[] values) {
    return (from, out, at, count) ->
        System.arraycopy(values, Math.toIntExact(from), out, at, count);
  }

  /** The values of a stored tensor, widened to F32. */
  static Values of(TensorSource source) {
    int bytes = source.type().bits() / 8;
    return (from, out, at, count) -> {
      ByteBuffer piece =
          ByteBuffer.allocate(Math.multiplyExact(count, bytes)).order(ByteOrder.LITTLE_ENDIAN);
      source.data().read(from * bytes, piece);
      TensorInfo info =
          new TensorInfo(source.name(), source.type(), List.of((long) count), 0, piece.capacity());
      System.arraycopy(Floats.widen(info, piece.flip()), 0, out, at, count);
    };
  }

  /** The same values with the rows in another order: row r is row {@code rowOf(r)} of these. */
  default Values rows(long columns, LongUnaryOperator rowOf) {
    return (from, out, at, count) -> {
      int done = 0;
      while (done < count) {
        long row = (from + done) / columns;
        long column = (from + done) % columns;
        int n = (int) Math.min(columns - column, count - done);
        read(rowOf.applyAsLong(row) * columns + column, out, at + done, n);
        done += n;
      }
    };
  }

  /** The same values and something added to each. */
  default Values plus(float summand) {
    return (from, out, at, count) -> {
      read(from, out, at, count);
      for (int i = at; i < at + count; i++) {
        out[i] += summand;
      }
    };
  }

  /** The values as an F32 tensor. */
  default TensorSource tensor(String name, List<Long> shape) {
    TensorData data =
        (offset, into) -> {
          float[] piece = new float[into.remaining() / Float.BYTES];
          read(offset / Float.BYTES, piece, 0, piece.length);
          // Little endian whatever the order of the caller's buffer.
          into.slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(piece);
          into.position(into.position() + Float.BYTES * piece.length);
        };
    return new TensorSource(name, StoredType.F32, shape, data);
  }
}
