package dev.temper.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.zip.GZIPInputStream;

/**
 * The files under {@code golden/checkpoint}, and the model directories under {@code golden/models}.
 */
final class Golden {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Golden() {}

  static JsonNode json(String name) {
    try (InputStream in =
        new GZIPInputStream(
            Objects.requireNonNull(
                Golden.class.getResourceAsStream("/golden/checkpoint/" + name)))) {
      return JSON.readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Path model(String name) {
    try {
      Path config =
          Path.of(
              Objects.requireNonNull(
                      Golden.class.getResource("/golden/models/" + name + "/config.json"))
                  .toURI());
      return Objects.requireNonNull(config.getParent());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
