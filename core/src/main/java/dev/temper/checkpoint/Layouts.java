package dev.temper.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/**
 * What a {@link TensorSource} can do to bytes on their way: none of it holds a tensor in memory.
 */
final class Layouts {
  /** Bytes of the source that are in memory while they are converted or moved around. */
  private static final int BLOCK_BYTES = 1 << 20;

  private Layouts() {}

  /** Everything from byte {@code start} on. */
  static TensorData from(TensorData data, long start) {
    return new TensorData() {
      @Override
      public void read(long offset, ByteBuffer into) {
        data.read(start + offset, into);
      }

      @Override
      public Optional<ByteBuffer> pages(long offset, long length) {
        return data.pages(start + offset, length);
      }
    };
  }

  /** One after the other. */
  static TensorData concatenated(List<TensorSource> parts) {
    List<TensorSource> copy = List.copyOf(parts);
    return (offset, into) -> {
      long start = 0;
      for (TensorSource p : copy) {
        long end = start + p.byteSize();
        if (into.hasRemaining() && offset < end) {
          int n = (int) Math.min(into.remaining(), end - offset);
          p.data().read(offset - start, into.slice(into.position(), n));
          into.position(into.position() + n);
          offset += n;
        }
        start = end;
      }
    };
  }

  /** The elements of a {@code [rows, columns]} matrix in the order of {@code [columns, rows]}. */
  static TensorData transposed(TensorData data, long rows, long columns, int elementBytes) {
    return (offset, into) -> {
      long first = offset / elementBytes;
      int n = into.remaining() / elementBytes;
      if (n == 0) {
        return;
      }
      // Element i of the result is row i % rows, column i / rows of the source.
      long fromColumn = first / rows;
      long toColumn = (first + n - 1) / rows + 1;
      boolean wholeRows =
          columns <= BLOCK_BYTES / elementBytes && (toColumn - fromColumn) * 8 >= columns;
      int widest = wholeRows ? (int) columns : BLOCK_BYTES / elementBytes;
      ByteBuffer out = into.slice();
      for (long c = wholeRows ? 0 : fromColumn; c < toColumn; c += widest) {
        int width = (int) Math.min(widest, (wholeRows ? columns : toColumn) - c);
        int height = wholeRows ? (int) Math.min(rows, BLOCK_BYTES / elementBytes / width) : 1;
        ByteBuffer block = ByteBuffer.allocate(height * width * elementBytes);
        for (long r = 0; r < rows; r += height) {
          int some = (int) Math.min(height, rows - r);
          data.read(
              (r * columns + c) * elementBytes, block.clear().limit(some * width * elementBytes));
          for (int y = 0; y < some; y++) {
            for (int x = 0; x < width; x++) {
              long place = (c + x) * rows + r + y - first;
              if (place >= 0 && place < n) {
                copy(block, y * width + x, out, (int) place, elementBytes);
              }
            }
          }
        }
      }
      into.position(into.position() + n * elementBytes);
    };
  }

  private static void copy(ByteBuffer from, int i, ByteBuffer to, int j, int elementBytes) {
    switch (elementBytes) {
      case 1 -> to.put(j, from.get(i));
      case 2 -> to.putShort(2 * j, from.getShort(2 * i));
      case 4 -> to.putInt(4 * j, from.getInt(4 * i));
      default -> to.putLong(8 * j, from.getLong(8 * i));
    }
  }

  /** F32 as F16 or BF16. */
  static TensorData narrowed(TensorData data, StoredType type) {
    boolean brain = type == StoredType.BF16;
    return (offset, into) -> {
      ByteBuffer out = into.slice().order(ByteOrder.LITTLE_ENDIAN);
      ByteBuffer floats =
          ByteBuffer.allocate(Math.min(BLOCK_BYTES, 2 * out.limit()))
              .order(ByteOrder.LITTLE_ENDIAN);
      for (int done = 0; done < out.limit(); ) {
        floats.clear().limit(Math.min(floats.capacity(), 2 * (out.limit() - done)));
        data.read(2 * (offset + done), floats);
        int n = floats.position() / 4;
        for (int i = 0; i < n; i++) {
          float value = floats.getFloat(4 * i);
          out.putShort(done + 2 * i, brain ? Floats.toBf16(value) : Floats.toF16(value));
        }
        done += 2 * n;
      }
      into.position(into.position() + out.limit());
    };
  }

  /** BF16 as F32. */
  static TensorData widened(TensorData data) {
    return (offset, into) -> {
      ByteBuffer out = into.slice().order(ByteOrder.LITTLE_ENDIAN);
      int size = out.limit() / 2;
      ByteBuffer block = null;
      for (int done = 0, n; done < size; done += n) {
        n = Math.min(BLOCK_BYTES, size - done);
        ByteBuffer halves = data.pages(offset / 2 + done, n).orElse(null);
        if (halves == null) {
          block = block == null ? ByteBuffer.allocate(n).order(ByteOrder.LITTLE_ENDIAN) : block;
          data.read(offset / 2 + done, block.clear().limit(n));
          halves = block;
        }
        // A bfloat16 is the upper half of a float.
        for (int i = 0; i < n; i += 2) {
          out.putInt(2 * (done + i), halves.getShort(i) << 16);
        }
      }
      into.position(into.position() + out.limit());
    };
  }
}
