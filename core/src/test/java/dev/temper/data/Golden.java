package dev.temper.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.Objects;
import java.util.zip.GZIPInputStream;

/** Golden files of this package; see PROVENANCE.md beside them. */
final class Golden {
  private Golden() {}

  static Path path(String name) {
    URL url = Objects.requireNonNull(Golden.class.getResource("/golden/data/" + name), name);
    try {
      return Path.of(url.toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static JsonNode json(String name) {
    try (InputStream in =
            Objects.requireNonNull(Golden.class.getResourceAsStream("/golden/data/" + name), name);
        InputStream plain = name.endsWith(".gz") ? new GZIPInputStream(in) : in) {
      return new ObjectMapper().readTree(plain);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }
}
