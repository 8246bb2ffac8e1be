package dev.temper.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A safetensors file, memory-mapped as a whole when it is opened: opening costs the header only, a
 * tensor's bytes are read from disk when somebody looks at them.
 *
 * <p>What is read is the file that was opened, also after another has taken its place by a rename,
 * as {@link CheckpointWriter} does. The buffers are direct, little endian and read-only, and stay
 * valid for as long as they are referenced, with or without this object. The file itself must not
 * be cut short while it is mapped: no program can survive that.
 */
public final class SafetensorsFile {
  /** Of a power of two, so that no element of a tensor of several regions is cut. */
  private static final int MAX_REGION_BYTES = 1 << 30;

  private final Path path;
  private final @Nullable Object key;
  private final long size;
  private final SafetensorsHeader header;
  private final MappedRegions data;

  private SafetensorsFile(
      Path path, @Nullable Object key, long size, SafetensorsHeader header, MappedRegions data) {
    this.path = path;
    this.key = key;
    this.size = size;
    this.header = header;
    this.data = data;
  }

  /**
   * Opens a file and checks its whole header: sizes, types, overlaps, holes, truncation.
   *
   * @throws CheckpointException if it is not a sound safetensors file
   */
  public static SafetensorsFile open(Path path) {
    return open(path, MAX_REGION_BYTES);
  }

  static SafetensorsFile open(Path path, int maxRegionBytes) {
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
      SafetensorsHeader header = SafetensorsHeader.parse(path, json.array(), size - 8 - n);
      return new SafetensorsFile(
          path,
          attributes(path).fileKey(),
          size,
          header,
          MappedRegions.map(channel, 8 + n, header.tensors().values(), maxRegionBytes));
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

  /** A tensor, to be read where and as it is needed. */
  public TensorSource source(String name) {
    TensorInfo info = info(name);
    requireUncut();
    return new TensorSource(name, info.type(), info.shape(), new RegionData(data, info.begin()));
  }

  /**
   * A tensor's bytes, mapped. Tensors of more than 1 GiB are read in parts with {@link
   * #bytes(String, long, int)}.
   */
  public ByteBuffer bytes(String name) {
    TensorInfo info = info(name);
    if (info.bytes() > MAX_REGION_BYTES) {
      throw new CheckpointException(
          path + ": tensor '" + name + "' has " + info.bytes() + " bytes; read it in parts");
    }
    return bytes(name, 0, (int) info.bytes());
  }

  /**
   * {@code length} bytes of a tensor from {@code offset} on: mapped, or a copy where they cross a
   * multiple of 1 GiB in a tensor that is larger.
   */
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
    requireUncut();
    long from = info.begin() + offset;
    return data.slice(from, length)
        .orElseGet(
            () -> {
              ByteBuffer copy = ByteBuffer.allocateDirect(length);
              data.read(from, copy);
              return copy.flip().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
            });
  }

  /** Touching pages behind the end of a file kills the process, so that is looked at before. */
  private void requireUncut() {
    try {
      BasicFileAttributes now = attributes(path);
      if (key != null && key.equals(now.fileKey()) && now.size() < size) {
        throw new CheckpointException(path + ": the file was cut short after it was opened");
      }
    } catch (IOException e) {
      // Deleted or moved: what is mapped stays.
    }
  }

  private static BasicFileAttributes attributes(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class);
  }

  private record RegionData(MappedRegions data, long begin) implements TensorData {
    @Override
    public void read(long offset, ByteBuffer into) {
      data.read(begin + offset, into);
    }

    @Override
    public Optional<ByteBuffer> pages(long offset, long length) {
      return data.slice(begin + offset, length);
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
