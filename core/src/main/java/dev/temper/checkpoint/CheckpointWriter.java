package dev.temper.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Writes safetensors files and sharded checkpoints, atomically, with a few megabytes of a tensor in
 * memory at a time.
 */
public final class CheckpointWriter {
  /** Largest shard Hugging Face writes by default: 5 GB, decimal. */
  public static final long DEFAULT_SHARD_BYTES = 5_000_000_000L;

  private static final int CHUNK_BYTES = 8 << 20;

  /**
   * Escapes what the reference implementation escapes: control characters only, with small
   * hexadecimal digits.
   */
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .disable(JsonWriteFeature.WRITE_HEX_UPPER_CASE)
          .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
          .build();

  /**
   * Order of the reference implementation: types from last to first, then names by the bytes of
   * their UTF-8.
   */
  private static final Comparator<TensorSource> ORDER =
      Comparator.comparing(TensorSource::type)
          .reversed()
          .thenComparing(t -> t.name().getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned);

  private CheckpointWriter() {}

  /** Writes one file with {@code {"format": "pt"}}, which older transformers versions insist on. */
  public static void writeFile(Path file, List<TensorSource> tensors) {
    writeFile(file, tensors, Map.of("format", "pt"));
  }

  /**
   * Writes one file, byte for byte as the reference implementation would (which leaves the order of
   * several metadata open). Tensors are ordered as it orders them: wide types first, then by name.
   *
   * @throws CheckpointException if it cannot be written, two tensors share a name, or a tensor's
   *     bytes do not fit its shape; the previous file then stays as it was
   */
  public static void writeFile(
      Path file, List<TensorSource> tensors, Map<String, String> metadata) {
    List<TensorSource> ordered = new ArrayList<>(tensors);
    ordered.sort(ORDER);
    byte[] header = header(file, ordered, metadata);
    AtomicFiles.write(
        file,
        channel -> {
          ByteBuffer start = ByteBuffer.allocate(8 + header.length).order(ByteOrder.LITTLE_ENDIAN);
          start.putLong(header.length).put(header).flip();
          writeFully(channel, start);
          long largest = ordered.stream().mapToLong(TensorSource::byteSize).max().orElse(0);
          ByteBuffer chunk = ByteBuffer.allocateDirect((int) Math.min(largest, CHUNK_BYTES));
          for (TensorSource t : ordered) {
            for (long at = 0; at < t.byteSize(); at += chunk.limit()) {
              chunk.clear().limit((int) Math.min(chunk.capacity(), t.byteSize() - at));
              t.data().read(at, chunk.order(ByteOrder.LITTLE_ENDIAN));
              writeFully(channel, chunk.flip());
            }
          }
        });
  }

  /**
   * Writes {@code model.safetensors} into a directory, or several shards and an index if the
   * tensors exceed {@code maxShardBytes}. A shard takes tensors in the given order while they fit;
   * a tensor larger than that has a shard of its own. Other files of the directory are kept,
   * weights of an earlier save are not.
   *
   * <p>The directory is replaced as a whole, see {@link AtomicFiles#replaceDirectory(Path,
   * java.util.function.Predicate, java.util.function.Consumer)}: tensors may be read from the very
   * checkpoint they replace, and an error or a kill leaves the old one or the new one complete.
   *
   * @throws CheckpointException if it cannot be written, two tensors share a name, or a tensor's
   *     bytes do not fit its shape
   */
  public static void writeDirectory(Path dir, List<TensorSource> tensors, long maxShardBytes) {
    requirePositive(maxShardBytes);
    AtomicFiles.replaceDirectory(
        dir, CheckpointWriter::isWeights, staged -> fill(staged, tensors, maxShardBytes));
  }

  /** Whether a file of a model directory is one that a save replaces or removes. */
  public static boolean isWeights(String fileName) {
    return fileName.equals(Checkpoint.SINGLE)
        || fileName.equals(Checkpoint.INDEX)
        || fileName.matches("model-\\d{5}-of-\\d{5}\\.safetensors");
  }

  /**
   * Writes what {@link #writeDirectory} writes into a directory that has no weights yet, such as
   * one that is being filled to replace another.
   */
  public static void fill(Path dir, List<TensorSource> tensors, long maxShardBytes) {
    requirePositive(maxShardBytes);
    List<List<TensorSource>> shards = shards(tensors, maxShardBytes);
    if (shards.size() == 1) {
      writeFile(dir.resolve(Checkpoint.SINGLE), tensors);
      return;
    }
    SortedMap<String, String> places = new TreeMap<>();
    for (int i = 0; i < shards.size(); i++) {
      String name =
          String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards.size());
      for (TensorSource t : shards.get(i)) {
        if (places.put(t.name(), name) != null) {
          throw new CheckpointException(dir + ": two tensors are called '" + t.name() + "'");
        }
      }
      writeFile(dir.resolve(name), shards.get(i));
    }
    AtomicFiles.write(dir.resolve(Checkpoint.INDEX), index(shards, places));
  }

  private static void requirePositive(long maxShardBytes) {
    if (maxShardBytes < 1) {
      throw new IllegalArgumentException("maxShardBytes must be positive, not " + maxShardBytes);
    }
  }

  /** The index as transformers writes it, with sorted keys. */
  private static String index(List<List<TensorSource>> shards, SortedMap<String, String> places) {
    ObjectNode index = JSON.createObjectNode();
    index
        .putObject("metadata")
        .put(
            "total_parameters",
            shards.stream().flatMap(List::stream).mapToLong(TensorSource::elements).sum())
        .put(
            "total_size",
            shards.stream().flatMap(List::stream).mapToLong(TensorSource::byteSize).sum());
    ObjectNode map = index.putObject("weight_map");
    places.forEach(map::put);
    return HuggingFaceJson.pretty(index);
  }

  private static List<List<TensorSource>> shards(List<TensorSource> tensors, long maxShardBytes) {
    List<List<TensorSource>> shards = new ArrayList<>();
    List<TensorSource> current = new ArrayList<>();
    long size = 0;
    for (TensorSource t : tensors) {
      if (!current.isEmpty() && size + t.byteSize() > maxShardBytes) {
        shards.add(current);
        current = new ArrayList<>();
        size = 0;
      }
      current.add(t);
      size += t.byteSize();
    }
    shards.add(current);
    return shards;
  }

  private static byte[] header(
      Path file, List<TensorSource> tensors, Map<String, String> metadata) {
    ObjectNode root = JSON.createObjectNode();
    if (!metadata.isEmpty()) {
      ObjectNode m = root.putObject(SafetensorsHeader.METADATA);
      metadata.forEach(m::put);
    }
    long at = 0;
    for (TensorSource t : tensors) {
      if (!StandardCharsets.UTF_8.newEncoder().canEncode(t.name())) {
        throw new CheckpointException(
            file
                + ": the tensor name '"
                + t.name()
                + "' is not valid Unicode: it holds half a surrogate pair");
      }
      if (t.name().equals(SafetensorsHeader.METADATA)) {
        throw new CheckpointException(
            file + ": a tensor cannot be called " + t.name() + ": the format reserves that name");
      }
      if (root.has(t.name())) {
        throw new CheckpointException(file + ": two tensors are called '" + t.name() + "'");
      }
      ObjectNode entry = root.putObject(t.name());
      entry.put("dtype", t.type().name());
      t.shape().forEach(entry.putArray("shape")::add);
      entry.putArray("data_offsets").add(at).add(at + t.byteSize());
      at += t.byteSize();
    }
    byte[] json;
    try {
      json = JSON.writeValueAsBytes(root);
    } catch (JsonProcessingException e) {
      throw new CheckpointException(
          file + ": the header cannot be written as JSON: " + e.getOriginalMessage(), e);
    }
    byte[] padded = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
    Arrays.fill(padded, json.length, padded.length, (byte) ' ');
    if (padded.length > SafetensorsHeader.MAX_BYTES) {
      throw new CheckpointException(
          file
              + ": the header has "
              + padded.length
              + " bytes, readers accept "
              + SafetensorsHeader.MAX_BYTES
              + "; write several shards");
    }
    return padded;
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
