package dev.temper.train.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Reads and formats the rows of {@code metrics.jsonl}. */
public final class MetricLog {
  private static final ObjectMapper JSON = new ObjectMapper();

  private MetricLog() {}

  /**
   * All rows of a file that {@link JsonlSink} wrote, in order. A last line that a crash left
   * incomplete is ignored.
   *
   * @throws UserException if the file cannot be read, or a line before the last is not a row; the
   *     message names file and line
   */
  public static List<MetricRow> read(Path jsonl) {
    List<MetricRow> rows = new ArrayList<>();
    try (BufferedReader in = Files.newBufferedReader(jsonl, StandardCharsets.UTF_8)) {
      int number = 1;
      for (String line = in.readLine(); line != null; number++) {
        String next = in.readLine();
        try {
          rows.add(parse(line));
        } catch (IllegalArgumentException e) {
          if (next != null) {
            throw new UserException(
                jsonl + " line " + number + " is not a row of metrics: " + e.getMessage(), e);
          }
        }
        line = next;
      }
    } catch (IOException e) {
      throw new UserException("cannot read metrics from " + jsonl + ": " + e, e);
    }
    return rows;
  }

  static String format(MetricRow row) {
    ObjectNode node = JSON.createObjectNode();
    node.put("step", row.step()).put("epoch", row.epoch()).put("phase", row.phase().label());
    row.values()
        .forEach(
            (name, value) -> {
              if (Double.isFinite(value)) {
                node.put(name, value);
              } else {
                node.put(name, value.toString());
              }
            });
    return node.toString();
  }

  /** Parses one line; throws {@link IllegalArgumentException} if it is not a row. */
  static MetricRow parse(String line) {
    JsonNode node;
    try {
      node = JSON.readTree(line);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not JSON: " + e.getOriginalMessage(), e);
    }
    if (!node.path("step").isIntegralNumber()
        || !node.path("epoch").isNumber()
        || !node.path("phase").isTextual()) {
      throw new IllegalArgumentException(
          "needs a whole number \"step\", a number \"epoch\" and a \"phase\"");
    }
    Map<String, Double> values = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      switch (field.getKey()) {
        case "step", "epoch", "phase" -> {}
        default -> values.put(field.getKey(), number(field.getKey(), field.getValue()));
      }
    }
    Phase phase = Phase.valueOf(node.path("phase").textValue().toUpperCase(Locale.ROOT));
    return new MetricRow(
        node.path("step").longValue(), node.path("epoch").doubleValue(), values, phase);
  }

  private static double number(String name, JsonNode value) {
    if (value.isNumber()) {
      return value.doubleValue();
    }
    return switch (value.asText()) {
      case "NaN" -> Double.NaN;
      case "Infinity" -> Double.POSITIVE_INFINITY;
      case "-Infinity" -> Double.NEGATIVE_INFINITY;
      default -> throw new IllegalArgumentException("\"" + name + "\" is not a number");
    };
  }
}
