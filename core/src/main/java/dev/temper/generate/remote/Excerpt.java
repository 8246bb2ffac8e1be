package dev.temper.generate.remote;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** A server's words in an error message: short, on one line, without control characters. */
final class Excerpt {
  private static final int LENGTH = 300;
  private static final ObjectMapper JSON = new ObjectMapper();

  private Excerpt() {}

  static String of(String text, int length) {
    String line = text.replaceAll("[\\p{Cntrl}\\p{Cf}\\s]+", " ").strip();
    return line.length() > length
        ? line.substring(0, line.offsetByCodePoints(0, line.codePointCount(0, length))) + "…"
        : line;
  }

  /** The message of an error object, or all of it. */
  static String ofError(JsonNode answer) {
    JsonNode error = answer.path("error");
    for (JsonNode candidate :
        new JsonNode[] {
          error.path("message"), error, answer.path("detail"), answer.path("message")
        }) {
      if (candidate.isTextual()) {
        return of(candidate.textValue(), LENGTH);
      }
    }
    return of(answer.toString(), LENGTH);
  }

  /** The message in the body of a refused request. */
  static String ofBody(byte[] body) {
    try {
      JsonNode node = JSON.readTree(body);
      if (node != null && node.isObject()) {
        return ofError(node);
      }
    } catch (IOException e) {
      // Not JSON: shown as it is.
    }
    return of(new String(body, StandardCharsets.UTF_8), LENGTH);
  }
}
