package dev.temper.checkpoint.gguf;

import dev.temper.checkpoint.CheckpointException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.Map;
import java.util.Set;

/**
 * A GGUF file (version 2 or 3, little endian), memory-mapped: opening costs the header only.
 *
 * <p>The buffers are direct, little endian and read-only, and stay valid for as long as they are
 * referenced. The file must not be cut short while it is mapped: no program can survive that.
 */
public final class GgufFile {
  /** Elements dequantised at a time where a whole tensor is read. */
  private static final int PART = 1 << 20;

  private final Path path;
  private final GgufHeader header;

  private GgufFile(Path path, GgufHeader header) {
    this.path = path;
    this.header = header;
  }

  /**
   * Opens a file and checks its whole header: counts, lengths, types, sizes, overlaps, truncation.
   *
   * @throws CheckpointException if it is not a sound GGUF file
   */
  public static GgufFile open(Path path) {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long size = channel.size();
      // Mapped, not read: the header has no length of its own.
      ByteBuffer start =
          channel
              .map(FileChannel.MapMode.READ_ONLY, 0, Math.min(size, Integer.MAX_VALUE))
              .order(ByteOrder.LITTLE_ENDIAN);
      return new GgufFile(path, GgufHeader.parse(path, start, size));
    } catch (IOException e) {
      throw new CheckpointException(path + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** Whether a path is a regular file that starts as GGUF files do. */
  public static boolean isGguf(Path path) {
    if (!Files.isRegularFile(path)) {
      return false;
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      ByteBuffer magic = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
      while (magic.hasRemaining()) {
        if (channel.read(magic) < 0) {
          return false;
        }
      }
      return magic.getInt(0) == GgufHeader.MAGIC;
    } catch (IOException e) {
      throw new CheckpointException(path + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** Where it is. */
  public Path path() {
    return path;
  }

  /** Version of the format: 2 or 3. */
  public int version() {
    return header.version();
  }

  /** Tensors start at multiples of this. */
  public int alignment() {
    return header.alignment();
  }

  /** The key-value pairs. */
  public GgufMetadata metadata() {
    return header.metadata();
  }

  /** Names of the tensors, in the order of the header. */
  public Set<String> names() {
    return Collections.unmodifiableSet(header.tensors().keySet());
  }

  /** All tensors by name. */
  public Map<String, GgufTensor> tensors() {
    return Collections.unmodifiableMap(header.tensors());
  }

  /** What the header says of a tensor. */
  public GgufTensor info(String name) {
    GgufTensor t = header.tensors().get(name);
    if (t == null) {
      throw new CheckpointException(path + ": has no tensor '" + name + "'");
    }
    return t;
  }

  /** {@code length} stored bytes of a tensor from {@code offset} on, mapped. */
  public ByteBuffer bytes(String name, long offset, int length) {
    GgufTensor t = info(name);
    if (offset < 0 || length < 0 || offset > t.bytes() - length) {
      throw new IllegalArgumentException(
          name
              + ": "
              + length
              + " bytes from "
              + offset
              + " on are outside its "
              + t.bytes()
              + " bytes");
    }
    if (length == 0) {
      return ByteBuffer.allocateDirect(0).order(ByteOrder.LITTLE_ENDIAN);
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long from = header.dataStart() + t.offset() + offset;
      if (from + length > channel.size()) {
        throw new CheckpointException(path + ": the file was cut short after it was opened");
      }
      return channel
          .map(FileChannel.MapMode.READ_ONLY, from, length)
          .order(ByteOrder.LITTLE_ENDIAN);
    } catch (IOException e) {
      throw new CheckpointException(
          path + ": tensor '" + name + "' cannot be mapped: " + e.getMessage(), e);
    }
  }

  /**
   * A tensor's values, dequantised with the float32 arithmetic of ggml's reference implementation.
   *
   * @throws CheckpointException if the type cannot be read ({@link GgufType#readable()}), or there
   *     are more elements than an array holds: read those in parts
   */
  public float[] floats(String name) {
    GgufTensor t = info(name);
    if (t.elements() > Integer.MAX_VALUE - 8) {
      throw new CheckpointException(
          path + ": tensor '" + name + "' has " + t.elements() + " elements; read it in parts");
    }
    float[] out = new float[requireReadable(t, (int) t.elements())];
    int step = PART / t.type().blockElements() * t.type().blockElements();
    for (int at = 0; at < out.length; at += step) {
      read(t, at, out, at, Math.min(step, out.length - at));
    }
    return out;
  }

  /**
   * Some of a tensor's values in row-major order.
   *
   * @param from first element, at the start of a block
   * @param count whole blocks
   */
  public float[] floats(String name, long from, int count) {
    GgufTensor t = info(name);
    int block = t.type().blockElements();
    if (from < 0
        || count < 0
        || from % block != 0
        || count % block != 0
        || from > t.elements() - count) {
      throw new IllegalArgumentException(
          name
              + ": elements "
              + from
              + " to "
              + (from + count)
              + " are no whole blocks of "
              + block
              + " within its "
              + t.elements()
              + " elements");
    }
    float[] out = new float[requireReadable(t, count)];
    read(t, from, out, 0, count);
    return out;
  }

  private int requireReadable(GgufTensor t, int count) {
    if (!t.type().readable()) {
      throw new CheckpointException(
          path
              + ": tensor '"
              + t.name()
              + "' has type "
              + t.type()
              + " (number "
              + t.type().number()
              + "), which cannot be read as floats; convert the model to another type, such as Q8_0, with llama.cpp first");
    }
    return count;
  }

  private void read(GgufTensor t, long from, float[] out, int at, int count) {
    ByteBuffer bytes =
        bytes(t.name(), t.type().bytes(from), Math.toIntExact(t.type().bytes(count)));
    Dequantizer.dequantize(t.type(), bytes, out, at, count);
  }
}
