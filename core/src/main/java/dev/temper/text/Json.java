package dev.temper.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Reading of untrusted JSON files: bounded in size, depth and string length, no duplicate keys. */
final class Json {
  /** Deepest nesting accepted; published tokenizer files have about ten levels. */
  static final int MAX_DEPTH = 48;

  static final ObjectMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          .maxStringLength(8 << 20)
                          .maxNumberLength(100)
                          .build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private Json() {}

  static ObjectNode object(byte[] bytes, String where) {
    JsonNode node;
    try {
      node = MAPPER.readTree(bytes);
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      String place =
          at == null ? "" : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")";
      throw new TokenizerException(
          where + " is not valid JSON" + place + ": " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new TokenizerException(where + " is not valid JSON: " + e.getMessage(), e);
    }
    if (node instanceof ObjectNode object) {
      return object;
    }
    throw new TokenizerException(
        where
            + " must hold a JSON object; it holds "
            + (node == null ? "nothing" : node.getNodeType()));
  }

  static byte[] read(Path file, long maxBytes) {
    try {
      long size = Files.size(file);
      if (size > maxBytes) {
        throw new TokenizerException(
            file + " has " + size + " bytes; at most " + maxBytes + " are accepted");
      }
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new TokenizerException(file + " does not exist", e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  static byte @Nullable [] readIfPresent(Path file, long maxBytes) {
    return Files.isRegularFile(file) ? read(file, maxBytes) : null;
  }
}
