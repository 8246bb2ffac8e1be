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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;

/** Writes safetensors files and sharded checkpoints, one tensor in memory at a time, atomically. */
public final class CheckpointWriter {
  /** Largest shard Hugging Face writes by default: 5 GB, decimal. */
  public static final long DEFAULT_SHARD_BYTES = 5_000_000_000L;

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
          for (TensorSource t : ordered) {
            ByteBuffer bytes = t.bytes().get().duplicate();
            if (bytes.remaining() != t.byteSize()) {
              throw new CheckpointException(
                  file
                      + ": tensor '"
                      + t.name()
                      + "': "
                      + bytes.remaining()
                      + " bytes for "
                      + t.type()
                      + " "
                      + t.shape());
            }
            writeFully(channel, bytes);
          }
        });
  }

  /**
   * Writes {@code model.safetensors} into a directory, or several shards and an index if the
   * tensors exceed {@code maxShardBytes}. A shard takes tensors in the given order while they fit;
   * a tensor larger than that has a shard of its own. Files of an earlier save that no longer
   * belong are removed once the new ones are in place.
   *
   * <p>All shards are complete before the first takes its place, so tensors may be read from the
   * very checkpoint they replace, and an error leaves it as it was. Only a kill within the few
   * renames at the end can leave shards of both.
   *
   * @throws CheckpointException if it cannot be written, two tensors share a name, or a tensor's
   *     bytes do not fit its shape
   */
  public static void writeDirectory(Path dir, List<TensorSource> tensors, long maxShardBytes) {
    List<List<TensorSource>> shards = shards(tensors, maxShardBytes);
    Set<String> written = new HashSet<>();
    if (shards.size() == 1) {
      writeFile(dir.resolve(Checkpoint.SINGLE), tensors);
      written.add(Checkpoint.SINGLE);
    } else {
      written.addAll(writeShards(dir, shards));
    }
    removeStale(dir, written);
  }

  private static List<String> writeShards(Path dir, List<List<TensorSource>> shards) {
    Path temp = dir.resolve(".shards.tmp-" + UUID.randomUUID());
    List<String> names = new ArrayList<>();
    SortedMap<String, String> places = new TreeMap<>();
    try {
      for (int i = 0; i < shards.size(); i++) {
        String name =
            String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards.size());
        for (TensorSource t : shards.get(i)) {
          if (places.put(t.name(), name) != null) {
            throw new CheckpointException(dir + ": two tensors are called '" + t.name() + "'");
          }
        }
        writeFile(temp.resolve(name), shards.get(i));
        names.add(name);
      }
      // Last, so that it never names a shard that is not there.
      AtomicFiles.write(temp.resolve(Checkpoint.INDEX), index(shards, places));
      names.add(Checkpoint.INDEX);
      for (String name : names) {
        AtomicFiles.move(temp.resolve(name), dir.resolve(name));
      }
    } catch (IOException e) {
      throw new CheckpointException(dir + ": cannot be written: " + e.getMessage(), e);
    } finally {
      AtomicFiles.deleteQuietly(temp);
    }
    return names;
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
    if (maxShardBytes < 1) {
      throw new IllegalArgumentException("maxShardBytes must be positive, not " + maxShardBytes);
    }
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

  private static void removeStale(Path dir, Set<String> written) {
    try (Stream<Path> files = Files.list(dir)) {
      for (Path p : (Iterable<Path>) files::iterator) {
        String name = p.getFileName().toString();
        boolean ours =
            name.equals(Checkpoint.SINGLE)
                || name.equals(Checkpoint.INDEX)
                || name.matches("model-\\d{5}-of-\\d{5}\\.safetensors");
        if (ours && !written.contains(name)) {
          Files.delete(p);
        }
      }
    } catch (IOException e) {
      throw new CheckpointException(
          dir + ": files of an earlier save cannot be removed: " + e.getMessage(), e);
    }
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
