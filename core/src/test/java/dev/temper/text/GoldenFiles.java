package dev.temper.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.GZIPInputStream;

/** Reads the golden files of the text package. */
public final class GoldenFiles {
  private GoldenFiles() {}

  /** A gzipped JSON file under {@code golden/text}. */
  public static JsonNode json(String name) {
    try (InputStream file =
        Objects.requireNonNull(
            GoldenFiles.class.getResourceAsStream("/golden/text/" + name), name)) {
      return new ObjectMapper().readTree(new GZIPInputStream(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The elements of an array. */
  public static Stream<JsonNode> stream(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }
}
