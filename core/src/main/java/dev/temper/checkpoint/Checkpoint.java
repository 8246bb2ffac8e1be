package dev.temper.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.checkpoint.gguf.GgufFile;
import dev.temper.checkpoint.gguf.GgufModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tensors of a model directory, whether in one safetensors file or in shards with an index.
 *
 * <p>Everything is mapped when it is opened, and stays as it was then: a save over the same
 * directory does not show in a checkpoint that is open.
 */
public final class Checkpoint {
  /** Name of a checkpoint in one file. */
  public static final String SINGLE = "model.safetensors";

  /** Name of the index of a sharded checkpoint. */
  public static final String INDEX = "model.safetensors.index.json";

  private static final int MAX_ATTEMPTS = 5;

  private final Path source;
  private final Map<String, SafetensorsFile> files;

  /** Tensors that lie in no safetensors file. */
  private final Map<String, TensorSource> others;

  private Checkpoint(Path source, Map<String, SafetensorsFile> files) {
    this(source, files, Map.of());
  }

  private Checkpoint(
      Path source, Map<String, SafetensorsFile> files, Map<String, TensorSource> others) {
    this.source = source;
    this.files = files;
    this.others = others;
  }

  /**
   * Tensors that are read from somewhere else, or computed.
   *
   * @param source what to call the place, for messages
   * @throws CheckpointException if two share a name
   */
  public static Checkpoint of(Path source, List<TensorSource> tensors) {
    Map<String, TensorSource> others = new LinkedHashMap<>();
    for (TensorSource t : tensors) {
      if (others.put(t.name(), t) != null) {
        throw new CheckpointException(source + ": two tensors are called '" + t.name() + "'");
      }
    }
    return new Checkpoint(source, Map.of(), others);
  }

  /**
   * Opens a safetensors file, a directory with {@code model.safetensors} or {@code
   * model.safetensors.index.json}, or a GGUF file, whose tensors then are F32 and have Hugging
   * Face's names and layout.
   *
   * @throws CheckpointException if files are missing or damaged, or the index names files outside
   *     the directory
   */
  public static Checkpoint open(Path path) {
    if (Files.isRegularFile(path)) {
      if (Pickles.isPickle(path)) {
        throw new CheckpointException(path + ": " + Pickles.refusal(path, SINGLE));
      }
      return GgufFile.isGguf(path) ? GgufModel.open(path).checkpoint() : single(path);
    }
    AtomicFiles.putInPlace(path);
    if (!Files.isDirectory(path)) {
      throw new CheckpointException(path + ": no such model directory or file");
    }
    Path single = path.resolve(SINGLE);
    Path index = path.resolve(INDEX);
    if (Files.exists(single)) {
      return single(single);
    }
    if (Files.exists(index)) {
      return sharded(path, index);
    }
    throw new CheckpointException(
        path
            + ": holds neither "
            + SINGLE
            + " nor "
            + INDEX
            + Pickles.weights(path).map(p -> "; " + Pickles.refusal(p, SINGLE)).orElse(""));
  }

  private static Checkpoint single(Path file) {
    SafetensorsFile f = SafetensorsFile.open(file);
    Map<String, SafetensorsFile> files = new LinkedHashMap<>();
    f.names().forEach(n -> files.put(n, f));
    return new Checkpoint(file, files);
  }

  /** If the checkpoint is replaced while its shards are being opened, these are opened again. */
  private static Checkpoint sharded(Path dir, Path index) {
    for (int attempt = 1; ; attempt++) {
      try {
        Object before = version(index);
        Checkpoint opened = shards(dir, index);
        if (before.equals(version(index))) {
          return opened;
        }
      } catch (IOException e) {
        throw new CheckpointException(index + ": cannot be read: " + e.getMessage(), e);
      }
      if (attempt == MAX_ATTEMPTS) {
        throw new CheckpointException(
            dir + ": is being written again and again; open it when that is over");
      }
    }
  }

  private static Object version(Path index) throws IOException {
    BasicFileAttributes a = Files.readAttributes(index, BasicFileAttributes.class);
    return Arrays.asList(a.fileKey(), a.lastModifiedTime(), a.size());
  }

  private static Checkpoint shards(Path dir, Path index) {
    JsonNode map = ConfigJson.readTree(index).path("weight_map");
    if (!map.isObject() || map.isEmpty()) {
      throw new CheckpointException(index + ": has no weight_map of tensor names to files");
    }
    Map<String, SafetensorsFile> shards = new LinkedHashMap<>();
    Map<String, SafetensorsFile> files = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> e : map.properties()) {
      String shard = e.getValue().textValue();
      if (shard == null) {
        throw new CheckpointException(
            index
                + ": tensor '"
                + e.getKey()
                + "' needs the name of a file, not "
                + e.getValue().getNodeType());
      }
      if (!isFileName(shard)) {
        throw new CheckpointException(
            index
                + ": tensor '"
                + e.getKey()
                + "' is said to be in '"
                + shard
                + "', outside the directory");
      }
      SafetensorsFile file =
          shards.computeIfAbsent(
              shard,
              s -> {
                if (!Files.exists(dir.resolve(s))) {
                  throw new CheckpointException(
                      dir.resolve(s)
                          + ": this shard is missing; "
                          + index.getFileName()
                          + " names it");
                }
                return SafetensorsFile.open(dir.resolve(s));
              });
      if (!file.names().contains(e.getKey())) {
        throw new CheckpointException(index + ": tensor '" + e.getKey() + "' is not in " + shard);
      }
      files.put(e.getKey(), file);
    }
    return new Checkpoint(dir, files);
  }

  /** Whether a name denotes a file of the directory itself, on any system. */
  private static boolean isFileName(String name) {
    return !name.isEmpty()
        && !name.equals(".")
        && !name.equals("..")
        && name.chars().noneMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ');
  }

  /** File or directory it was opened from. */
  public Path source() {
    return source;
  }

  /** Names of all tensors. */
  public Set<String> names() {
    return Collections.unmodifiableSet(others.isEmpty() ? files.keySet() : others.keySet());
  }

  /** Whether there is a tensor of this name. */
  public boolean contains(String name) {
    return files.containsKey(name) || others.containsKey(name);
  }

  /** What the header says of a tensor. */
  public TensorInfo info(String name) {
    TensorSource other = others.get(name);
    return other == null
        ? file(name).info(name)
        : new TensorInfo(name, other.type(), other.shape(), 0, other.byteSize());
  }

  /** A tensor, to be read where and as it is needed. */
  public TensorSource source(String name) {
    TensorSource other = others.get(name);
    return other == null ? file(name).source(name) : other;
  }

  /** A tensor's bytes, mapped where they lie in a file as they are. */
  public ByteBuffer bytes(String name) {
    TensorSource other = others.get(name);
    if (other == null) {
      return file(name).bytes(name);
    }
    if (other.byteSize() > Integer.MAX_VALUE) {
      throw new CheckpointException(
          source + ": tensor '" + name + "' has " + other.byteSize() + " bytes; read it in parts");
    }
    ByteBuffer out =
        ByteBuffer.allocateDirect((int) other.byteSize()).order(ByteOrder.LITTLE_ENDIAN);
    other.data().read(0, out);
    return out.flip();
  }

  /** A tensor's values as floats. */
  public float[] floats(String name) {
    return Floats.widen(info(name), bytes(name));
  }

  private SafetensorsFile file(String name) {
    SafetensorsFile f = files.get(name);
    if (f == null) {
      throw new CheckpointException(
          source + ": has no tensor '" + name + "'" + Names.hint(name, names()));
    }
    return f;
  }
}
