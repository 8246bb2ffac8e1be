package dev.temper.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/** The files under {@code golden/text}. */
final class Goldens {
  static final ObjectMapper MAPPER = new ObjectMapper();

  private Goldens() {}

  static byte[] bytes(String name) {
    try (InputStream in = Goldens.class.getResourceAsStream("/golden/text/" + name)) {
      if (in == null) {
        throw new IllegalArgumentException("no resource golden/text/" + name);
      }
      return name.endsWith(".gz") ? new GZIPInputStream(in).readAllBytes() : in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static JsonNode json(String name) {
    return parse(bytes(name));
  }

  static JsonNode parse(byte[] json) {
    try {
      return MAPPER.readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] write(JsonNode json) {
    return json.toString().getBytes(StandardCharsets.UTF_8);
  }

  static int[] ints(JsonNode array) {
    int[] result = new int[array.size()];
    for (int i = 0; i < result.length; i++) {
      result[i] = array.get(i).asInt();
    }
    return result;
  }

  /** The tokenizer a golden file names, with its keys replaced. */
  static Tokenizer tokenizer(String file, JsonNode replaceKeys) {
    byte[] json = bytes(file);
    if (!replaceKeys.isEmpty()) {
      ObjectNode root = (ObjectNode) parse(json);
      replaceKeys.properties().forEach(e -> root.set(e.getKey(), e.getValue()));
      json = write(root);
    }
    return Tokenizer.fromJson(json);
  }

  static Tokenizer smollm2() {
    return Tokenizer.fromJson(bytes("smollm2-tokenizer.json.gz"));
  }

  /** A model directory with the SmolLM2 tokenizer and its chat template. */
  static Path smollm2Directory(Path directory) {
    try {
      Files.write(directory.resolve("tokenizer.json"), bytes("smollm2-tokenizer.json.gz"));
      Files.write(
          directory.resolve("tokenizer_config.json"), bytes("smollm2-tokenizer_config.json"));
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
