package dev.temper.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads and checks a safetensors header before anything is allocated for the data behind it. */
record SafetensorsHeader(Map<String, TensorInfo> tensors, Map<String, String> metadata) {
  static final long MAX_BYTES = 100_000_000;

  /** Key of the header that names no tensor. */
  static final String METADATA = "__metadata__";

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(8)
                  .maxNumberLength(20)
                  .maxStringLength(10_000_000)
                  .build())
          .build();

  /**
   * Parses a header.
   *
   * @param dataBytes size of the data section, which the tensors must fill exactly
   */
  static SafetensorsHeader parse(Path file, byte[] json, long dataBytes) {
    if (json.length == 0 || json[0] != '{') {
      throw new CheckpointException(
          file + ": the header does not start with '{': not a safetensors file");
    }
    String text;
    try {
      text =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .decode(ByteBuffer.wrap(json))
              .toString();
    } catch (CharacterCodingException e) {
      throw new CheckpointException(file + ": the header is not UTF-8; the file is damaged", e);
    }
    Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    try (JsonParser p = JSON.createParser(text)) {
      p.nextToken();
      while (p.nextToken() == JsonToken.FIELD_NAME) {
        String name = p.currentName();
        p.nextToken();
        if (name.equals(METADATA)) {
          readMetadata(file, p, metadata);
        } else {
          tensors.put(name, readTensor(file, name, p));
        }
      }
      if (p.currentToken() != JsonToken.END_OBJECT || p.nextToken() != null) {
        throw new CheckpointException(
            file + ": the header is not one JSON object; the file is damaged");
      }
    } catch (IOException e) {
      throw new CheckpointException(file + ": the header is not valid JSON: " + firstLine(e), e);
    }
    checkLayout(file, tensors, dataBytes);
    return new SafetensorsHeader(tensors, metadata);
  }

  private static void readMetadata(Path file, JsonParser p, Map<String, String> into)
      throws IOException {
    if (p.currentToken() != JsonToken.START_OBJECT) {
      throw new CheckpointException(file + ": __metadata__ must be an object of strings");
    }
    while (p.nextToken() == JsonToken.FIELD_NAME) {
      String key = p.currentName();
      if (p.nextToken() != JsonToken.VALUE_STRING) {
        throw new CheckpointException(file + ": __metadata__ '" + key + "' must be a string");
      }
      into.put(key, p.getText());
    }
  }

  private static TensorInfo readTensor(Path file, String name, JsonParser p) throws IOException {
    if (p.currentToken() != JsonToken.START_OBJECT) {
      throw new CheckpointException(file + ": tensor '" + name + "': its entry must be an object");
    }
    StoredType type = null;
    List<Long> shape = null;
    List<Long> offsets = null;
    while (p.nextToken() == JsonToken.FIELD_NAME) {
      String key = p.currentName();
      p.nextToken();
      switch (key) {
        case "dtype" -> {
          String dtype = p.currentToken() == JsonToken.VALUE_STRING ? p.getText() : "?";
          type =
              StoredType.named(dtype)
                  .orElseThrow(
                      () ->
                          new CheckpointException(
                              file + ": tensor '" + name + "': unknown dtype " + dtype));
        }
        case "shape" -> shape = readLongs(file, name, "shape", p, 64);
        case "data_offsets" -> offsets = readLongs(file, name, "data_offsets", p, 2);
        default ->
            throw new CheckpointException(
                file + ": tensor '" + name + "': unknown key '" + key + "'");
      }
    }
    if (type == null || shape == null || offsets == null || offsets.size() != 2) {
      throw new CheckpointException(
          file + ": tensor '" + name + "' needs dtype, shape and two data_offsets");
    }
    TensorInfo info = new TensorInfo(name, type, shape, offsets.get(0), offsets.get(1));
    checkSize(file, info);
    return info;
  }

  private static List<Long> readLongs(Path file, String name, String key, JsonParser p, int max)
      throws IOException {
    if (p.currentToken() != JsonToken.START_ARRAY) {
      throw new CheckpointException(file + ": tensor '" + name + "': " + key + " must be an array");
    }
    List<Long> out = new ArrayList<>();
    while (p.nextToken() == JsonToken.VALUE_NUMBER_INT && out.size() < max) {
      long v = p.getLongValue();
      if (v < 0) {
        throw new CheckpointException(
            file + ": tensor '" + name + "': " + key + " holds the negative number " + v);
      }
      out.add(v);
    }
    if (p.currentToken() != JsonToken.END_ARRAY) {
      throw new CheckpointException(
          file + ": tensor '" + name + "': " + key + " must hold at most " + max + " integers");
    }
    return out;
  }

  private static void checkSize(Path file, TensorInfo t) {
    try {
      long elements = 1;
      for (long d : t.shape()) {
        elements = Math.multiplyExact(elements, d);
      }
      long bits = Math.multiplyExact(elements, (long) t.type().bits());
      if (bits % 8 != 0 || bits / 8 != t.bytes()) {
        throw new CheckpointException(
            file
                + ": tensor '"
                + t.name()
                + "': "
                + t.type()
                + " "
                + t.shape()
                + " needs "
                + bits / 8.0
                + " bytes, its data_offsets ["
                + t.begin()
                + ", "
                + t.end()
                + ") hold "
                + t.bytes());
      }
    } catch (ArithmeticException e) {
      throw new CheckpointException(
          file
              + ": tensor '"
              + t.name()
              + "': the number of elements of shape "
              + t.shape()
              + " overflows",
          e);
    }
  }

  private static void checkLayout(Path file, Map<String, TensorInfo> tensors, long dataBytes) {
    long expected = 0;
    String previous = "the header";
    List<TensorInfo> inOrder = new ArrayList<>(tensors.values());
    inOrder.sort(Comparator.comparingLong(TensorInfo::begin).thenComparingLong(TensorInfo::end));
    for (TensorInfo t : inOrder) {
      if (t.begin() != expected) {
        throw new CheckpointException(
            file
                + ": tensor '"
                + t.name()
                + "' starts at byte "
                + t.begin()
                + " but "
                + previous
                + " ends at "
                + expected
                + (t.begin() < expected ? ": they overlap" : ": there is a hole between them"));
      }
      expected = t.end();
      previous = "'" + t.name() + "'";
    }
    if (expected != dataBytes) {
      throw new CheckpointException(
          file
              + ": the tensors need "
              + expected
              + " bytes of data, the file holds "
              + dataBytes
              + (expected > dataBytes
                  ? ": it is truncated; copy or download it again"
                  : ": there are bytes that belong to no tensor"));
    }
  }

  private static String firstLine(IOException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("unreadable");
  }
}
