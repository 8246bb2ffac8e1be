package dev.temper.checkpoint.gguf;

import dev.temper.checkpoint.AtomicFiles;
import dev.temper.checkpoint.CheckpointException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes GGUF files, version 3, little endian: a piece of a tensor at a time, atomically. Tensors
 * keep the given order.
 */
public final class GgufWriter {
  private static final int PART = 1 << 18;

  private GgufWriter() {}

  /** Is told of every tensor that has been written. */
  @FunctionalInterface
  public interface Progress {
    /** {@code done} of {@code total} tensors are written, the last one {@code name}. */
    void onTensor(int done, int total, String name);
  }

  /**
   * Writes a file; an existing one is replaced in one step.
   *
   * @param metadata key-value pairs in this order; {@code general.alignment} is honoured
   * @throws CheckpointException if it cannot be written, two tensors share a name, or values do not
   *     fit their shape or type; the previous file then stays as it was
   */
  public static void write(
      Path file,
      Map<String, GgufValue> metadata,
      List<GgufTensorSource> tensors,
      Progress progress) {
    int alignment =
        (int)
            new GgufMetadata(file.toString(), metadata)
                .whole(GgufHeader.ALIGNMENT_KEY)
                .orElse(GgufHeader.DEFAULT_ALIGNMENT);
    if (alignment < 8 || alignment % 8 != 0) {
      throw new IllegalArgumentException(
          GgufHeader.ALIGNMENT_KEY + " is " + alignment + "; it must be a positive multiple of 8");
    }
    byte[] header = header(file, metadata, tensors, alignment);
    AtomicFiles.write(
        file,
        channel -> {
          writeFully(channel, ByteBuffer.wrap(header));
          for (int i = 0; i < tensors.size(); i++) {
            GgufTensorSource t = tensors.get(i);
            writeTensor(file, channel, t, alignment);
            progress.onTensor(i + 1, tensors.size(), t.name());
          }
        });
  }

  private static void writeTensor(Path file, FileChannel channel, GgufTensorSource t, int alignment)
      throws IOException {
    long elements = t.elements();
    float[] piece = new float[(int) Math.min(PART, elements)];
    ByteBuffer out =
        ByteBuffer.allocate((int) t.type().bytes(piece.length)).order(ByteOrder.LITTLE_ENDIAN);
    try {
      for (long at = 0; at < elements; at += PART) {
        int n = (int) Math.min(PART, elements - at);
        t.values().read(at, piece, 0, n);
        out.clear();
        Quantizer.quantize(t.type(), piece, 0, n, out);
        writeFully(channel, out.flip());
      }
    } catch (Quantizer.UnfitException e) {
      throw new CheckpointException(
          file
              + ": tensor '"
              + t.name()
              + "' cannot be written as "
              + t.type()
              + ": it "
              + e.getMessage(),
          e);
    }
    writeFully(
        channel, ByteBuffer.allocate((int) (GgufHeader.pad(t.bytes(), alignment) - t.bytes())));
  }

  private static byte[] header(
      Path file, Map<String, GgufValue> metadata, List<GgufTensorSource> tensors, int alignment) {
    Bytes out = new Bytes();
    out.int32(GgufHeader.MAGIC);
    out.int32(3);
    out.int64(tensors.size());
    out.int64(metadata.size());
    metadata.forEach(
        (key, value) -> {
          out.text(key);
          out.int32(value.kind().number());
          out.value(value);
        });
    long offset = 0;
    Set<String> names = new HashSet<>();
    for (GgufTensorSource t : tensors) {
      if (!names.add(t.name())) {
        throw new CheckpointException(file + ": two tensors are called '" + t.name() + "'");
      }
      out.text(t.name());
      out.int32(t.shape().size());
      for (int i = t.shape().size() - 1; i >= 0; i--) {
        out.int64(t.shape().get(i));
      }
      out.int32(t.type().number());
      out.int64(offset);
      offset = GgufHeader.pad(Math.addExact(offset, t.bytes()), alignment);
    }
    out.padTo(alignment);
    return out.toByteArray();
  }

  /** Little-endian bytes of a header. */
  private static final class Bytes extends ByteArrayOutputStream {
    void int32(long v) {
      little(v, 4);
    }

    void int64(long v) {
      little(v, 8);
    }

    void little(long v, int n) {
      for (int i = 0; i < n; i++) {
        write((int) (v >>> (8 * i)));
      }
    }

    void text(String s) {
      byte[] utf8 = s.getBytes(StandardCharsets.UTF_8);
      int64(utf8.length);
      writeBytes(utf8);
    }

    void padTo(int alignment) {
      writeBytes(new byte[(int) (GgufHeader.pad(size(), alignment) - size())]);
    }

    void whole(GgufValue.Kind kind, long v) {
      little(v, kind.leastBytes());
    }

    void real(GgufValue.Kind kind, double v) {
      if (kind == GgufValue.Kind.FLOAT32) {
        int32(Float.floatToRawIntBits((float) v));
      } else {
        int64(Double.doubleToRawLongBits(v));
      }
    }

    void start(GgufValue.Kind kind, int length) {
      int32(kind.number());
      int64(length);
    }

    void value(GgufValue value) {
      if (value instanceof GgufValue.Whole w) {
        whole(w.kind(), w.value());
      } else if (value instanceof GgufValue.Real r) {
        real(r.kind(), r.value());
      } else if (value instanceof GgufValue.Flag f) {
        write(f.value() ? 1 : 0);
      } else if (value instanceof GgufValue.Text t) {
        text(t.value());
      } else if (value instanceof GgufValue.Wholes w) {
        start(w.elements(), w.values().length);
        for (long v : w.values()) {
          whole(w.elements(), v);
        }
      } else if (value instanceof GgufValue.Reals r) {
        start(r.elements(), r.values().length);
        for (double v : r.values()) {
          real(r.elements(), v);
        }
      } else if (value instanceof GgufValue.Flags f) {
        start(GgufValue.Kind.BOOL, f.values().length);
        for (boolean v : f.values()) {
          write(v ? 1 : 0);
        }
      } else if (value instanceof GgufValue.Texts t) {
        start(GgufValue.Kind.STRING, t.values().size());
        t.values().forEach(this::text);
      } else if (value instanceof GgufValue.Nested n) {
        start(GgufValue.Kind.ARRAY, n.values().size());
        n.values().forEach(this::value);
      }
    }
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
