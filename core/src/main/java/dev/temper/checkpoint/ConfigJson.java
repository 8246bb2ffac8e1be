package dev.temper.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The {@code config.json} of a model directory, as a tree: keys keep their order, and those nobody
 * here knows are kept.
 *
 * <p>A file that is read and written again is byte for byte what transformers wrote.
 */
public final class ConfigJson {
  /** Name of the file. */
  public static final String FILE = "config.json";

  private static final long MAX_BYTES = 100_000_000;

  /** Python writes {@code Infinity} and {@code NaN}, and some configurations hold them. */
  private static final ObjectMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(100).build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private ConfigJson() {}

  /**
   * Reads {@code config.json} of a model directory.
   *
   * @throws CheckpointException if it is missing or not one JSON object with distinct keys
   */
  public static ObjectNode read(Path dir) {
    Path file = dir.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      throw new CheckpointException(
          file
              + (Files.isDirectory(dir)
                  ? ": missing; a model directory needs it"
                  : ": there is no directory " + dir));
    }
    JsonNode root = readTree(file);
    if (!(root instanceof ObjectNode object)) {
      throw new CheckpointException(
          file
              + ": must be a JSON object, not "
              + (root.isMissingNode() ? "empty" : "a JSON " + root.getNodeType()));
    }
    return object;
  }

  /**
   * Writes {@code config.json} as transformers does: two spaces, {@code "key": value}, ASCII only,
   * a final line break. The previous file is replaced in one step.
   *
   * @throws CheckpointException if it cannot be written; the previous file then stays as it was
   */
  public static void write(Path dir, ObjectNode config) {
    AtomicFiles.write(dir.resolve(FILE), HuggingFaceJson.pretty(config));
  }

  /** Any JSON file of a model directory, checked for size, nesting and duplicate keys. */
  static JsonNode readTree(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new CheckpointException(file + ": larger than " + MAX_BYTES + " bytes");
      }
      return JSON.readTree(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new CheckpointException(file + ": not valid JSON: " + e.getMessage(), e);
    }
  }
}
