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
  /** Elements dequantised at a time. */
  private static final int PART = 1 << 20;

  private static final int WINDOW_BYTES = 1 << 30;

  private final Path path;
  private final GgufHeader header;
  private final Pages pages;

  private GgufFile(Path path, GgufHeader header, Pages pages) {
    this.path = path;
    this.header = header;
    this.pages = pages;
  }

  /** Where the bytes of a file come from. */
  @FunctionalInterface
  private interface Pages {
    ByteBuffer map(long from, int length) throws IOException;
  }

  /** A file whose content is in memory. */
  static GgufFile of(Path name, byte[] content) {
    ByteBuffer all = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    return new GgufFile(
        name,
        GgufHeader.parse(name, all.duplicate().order(ByteOrder.LITTLE_ENDIAN), content.length),
        (from, length) -> all.slice((int) from, length).order(ByteOrder.LITTLE_ENDIAN));
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
      return new GgufFile(
          path, GgufHeader.parse(path, start, size), (from, length) -> map(path, from, length));
    } catch (IOException e) {
      throw new CheckpointException(path + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static ByteBuffer map(Path path, long from, int length) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      if (from + length > channel.size()) {
        throw new CheckpointException(path + ": the file was cut short after it was opened");
      }
      return channel
          .map(FileChannel.MapMode.READ_ONLY, from, length)
          .order(ByteOrder.LITTLE_ENDIAN);
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
    try {
      return pages.map(header.dataStart() + t.offset() + offset, length);
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
    Values values = values(name);
    float[] out = new float[(int) t.elements()];
    values.read(0, out, 0, out.length);
    return out;
  }

  /**
   * A tensor's values, dequantised as they are read. For one thread.
   *
   * @throws CheckpointException if the type cannot be read ({@link GgufType#readable()})
   */
  public Values values(String name) {
    GgufTensor t = info(name);
    requireReadable(t);
    return new MappedValues(t);
  }

  private void requireReadable(GgufTensor t) {
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
  }

  /** Keeps the part of the tensor that was read last mapped: rows are read one by one. */
  private final class MappedValues implements Values {
    private final GgufTensor tensor;
    private final long windowBlocks;
    private long first;
    private ByteBuffer window = ByteBuffer.allocate(0);

    MappedValues(GgufTensor tensor) {
      this.tensor = tensor;
      this.windowBlocks = WINDOW_BYTES / tensor.type().blockBytes();
    }

    @Override
    public void read(long from, float[] out, int at, int count) {
      int width = tensor.type().blockElements();
      long element = from;
      while (element < from + count) {
        long block = element / width;
        int skipped = (int) (element % width);
        int blocks = map(block, (from + count - element + skipped + width - 1) / width);
        int n = (int) Math.min((long) blocks * width - skipped, from + count - element);
        ByteBuffer bytes =
            window
                .slice(
                    (int) ((block - first) * tensor.type().blockBytes()),
                    blocks * tensor.type().blockBytes())
                .order(ByteOrder.LITTLE_ENDIAN);
        if (skipped == 0 && n % width == 0) {
          Dequantizer.dequantize(tensor.type(), bytes, out, at + (int) (element - from), n);
        } else {
          float[] whole = new float[blocks * width];
          Dequantizer.dequantize(tensor.type(), bytes, whole, 0, whole.length);
          System.arraycopy(whole, skipped, out, at + (int) (element - from), n);
        }
        element += n;
      }
    }

    /** Maps from a block on, unless that is mapped; how many of the wanted blocks are there. */
    private int map(long block, long wanted) {
      int bytes = tensor.type().blockBytes();
      if (block < first || block >= first + window.capacity() / bytes) {
        long rest = tensor.bytes() / bytes - block;
        window = bytes(tensor.name(), block * bytes, (int) (Math.min(windowBlocks, rest) * bytes));
        first = block;
      }
      long mapped = first + window.capacity() / bytes - block;
      return (int) Math.min(Math.min(wanted, mapped), PART / tensor.type().blockElements());
    }
  }
}
