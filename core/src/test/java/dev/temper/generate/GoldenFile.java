package dev.temper.generate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.zip.GZIPInputStream;

/** Gzipped JSON of the test resources. */
final class GoldenFile {
  private GoldenFile() {}

  static JsonNode json(String resource) {
    try (InputStream in =
        new GZIPInputStream(
            Objects.requireNonNull(GoldenFile.class.getResourceAsStream(resource), resource))) {
      return new ObjectMapper().readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
