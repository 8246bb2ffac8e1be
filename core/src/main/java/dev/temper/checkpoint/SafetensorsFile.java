package dev.temper.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Set;

/**
 * A safetensors file, memory-mapped: opening costs the header only, and a tensor's bytes are read
 * from disk when somebody looks at them.
 *
 * <p>The buffers are direct, little endian and read-only, and stay valid for as long as they are
 * referenced. The file must not be cut short while it is mapped: no program can survive that.
 */
public final class SafetensorsFile {
  private final Path path;
  private final long dataStart;
  private final SafetensorsHeader header;

  private SafetensorsFile(Path path, long dataStart, SafetensorsHeader header) {
    this.path = path;
    this.dataStart = dataStart;
    this.header = header;
  }

  /**
   * Opens a file and checks its whole header: sizes, types, overlaps, holes, truncation.
   *
   * @throws CheckpointException if it is not a sound safetensors file
   */
  public static SafetensorsFile open(Path path) {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size < 8) {
        throw new CheckpointException(
            path + ": " + size + " bytes are too few for a safetensors file; it is truncated");
      }
      ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      readFully(channel, length, 0);
      long n = length.flip().getLong();
      if (n < 2 || n > SafetensorsHeader.MAX_BYTES || n > size - 8) {
        throw new CheckpointException(
            path
                + ": the header claims "
                + Long.toUnsignedString(n)
                + " bytes; the file has "
                + size
                + " and headers have at most "
                + SafetensorsHeader.MAX_BYTES
                + ": not a safetensors file, or truncated");
      }
      ByteBuffer json = ByteBuffer.allocate((int) n);
      readFully(channel, json, 8);
      return new SafetensorsFile(
          path, 8 + n, SafetensorsHeader.parse(path, json.array(), size - 8 - n));
    } catch (IOException e) {
      throw new CheckpointException(path + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** Where it is. */
  public Path path() {
    return path;
  }

  /** Names of the tensors, in the order of the header. */
  public Set<String> names() {
    return header.tensors().keySet();
  }

  /** The file's {@code __metadata__}. */
  public Map<String, String> metadata() {
    return header.metadata();
  }

  /** What the header says of a tensor. */
  public TensorInfo info(String name) {
    TensorInfo info = header.tensors().get(name);
    if (info == null) {
      throw new CheckpointException(
          path + ": has no tensor '" + name + "'" + Names.hint(name, names()));
    }
    return info;
  }

  /**
   * A tensor's bytes, mapped. Tensors of 2 GiB and more are read in parts with {@link
   * #bytes(String, long, int)}.
   */
  public ByteBuffer bytes(String name) {
    TensorInfo info = info(name);
    if (info.bytes() > Integer.MAX_VALUE) {
      throw new CheckpointException(
          path + ": tensor '" + name + "' has " + info.bytes() + " bytes; read it in parts");
    }
    return bytes(name, 0, (int) info.bytes());
  }

  /** {@code length} bytes of a tensor from {@code offset} on, mapped. */
  public ByteBuffer bytes(String name, long offset, int length) {
    TensorInfo info = info(name);
    if (offset < 0 || length < 0 || offset > info.bytes() - length) {
      throw new IllegalArgumentException(
          name
              + ": "
              + length
              + " bytes from "
              + offset
              + " on are outside its "
              + info.bytes()
              + " bytes");
    }
    if (length == 0) {
      return ByteBuffer.allocateDirect(0).order(ByteOrder.LITTLE_ENDIAN);
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long from = dataStart + info.begin() + offset;
      if (from + length > Files.size(path)) {
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

  private static void readFully(FileChannel channel, ByteBuffer into, long at) throws IOException {
    while (into.hasRemaining()) {
      int read = channel.read(into, at + into.position());
      if (read < 0) {
        throw new IOException("unexpected end of file");
      }
    }
  }
}
