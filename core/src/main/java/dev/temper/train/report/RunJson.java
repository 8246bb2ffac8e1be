package dev.temper.train.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import dev.temper.train.metrics.Phase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code run.json} and back. */
final class RunJson {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final int FORMAT = 1;
  private static final long LARGEST_FILE = 64L << 20;

  private RunJson() {}

  static byte[] write(RunRecord run) {
    RunInfo info = run.info();
    ObjectNode root = JSON.createObjectNode();
    root.put("format", FORMAT)
        .put("title", info.title())
        .put("status", run.status().label())
        .put("seed", info.seed());
    ArrayNode sessions = root.putArray("sessions");
    for (RunSession session : run.sessions()) {
      ObjectNode node =
          sessions
              .addObject()
              .put("from_step", session.fromStep())
              .put("started_at", session.startedAt().toString());
      Instant ended = session.endedAt();
      node.put("ended_at", ended == null ? null : ended.toString());
    }
    ObjectNode versions = root.putObject("versions");
    run.versions().forEach(versions::put);
    root.set("config", info.config());
    ArrayNode data = root.putArray("data");
    for (DataFile file : info.data()) {
      ObjectNode node =
          data.addObject().put("file", file.path()).put("phase", file.phase().label());
      node.put("sha256", file.sha256()).put("bytes", file.bytes()).put("rows", file.rows());
    }
    ObjectNode metrics = root.putObject("metrics");
    run.metrics()
        .forEach(
            (name, value) -> {
              if (Double.isFinite(value)) {
                metrics.put(name, value);
              } else {
                metrics.put(name, value.toString()); // JSON has no NaN
              }
            });
    try {
      return JSON.writeValueAsBytes(root);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a JSON tree can always be written", e);
    }
  }

  static RunRecord read(Path file) {
    try {
      if (Files.size(file) > LARGEST_FILE) {
        throw new UserException(file + " is no run.json: it has " + Files.size(file) + " bytes");
      }
      return parse(JSON.readTree(Files.readAllBytes(file)));
    } catch (JsonProcessingException e) {
      throw new UserException(file + " is not JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new UserException("cannot read " + file + ": " + e, e);
    } catch (IllegalArgumentException | DateTimeException e) {
      throw new UserException(file + " is not a run.json of this version: " + e.getMessage(), e);
    }
  }

  private static RunRecord parse(JsonNode root) {
    if (root.path("format").asInt() != FORMAT
        || !(root.path("config") instanceof ObjectNode config)) {
      throw new IllegalArgumentException(
          "needs \"format\": " + FORMAT + " and an object \"config\"");
    }
    List<DataFile> data = new ArrayList<>();
    for (JsonNode node : root.path("data")) {
      data.add(
          new DataFile(
              text(node, "file"),
              Phase.valueOf(constant(node, "phase")),
              text(node, "sha256"),
              node.path("bytes").asLong(),
              node.path("rows").asLong()));
    }
    List<RunSession> sessions = new ArrayList<>();
    for (JsonNode node : root.path("sessions")) {
      sessions.add(
          new RunSession(
              node.path("from_step").asLong(),
              Instant.parse(text(node, "started_at")),
              endedAt(node)));
    }
    Map<String, String> versions = new LinkedHashMap<>();
    root.path("versions")
        .properties()
        .forEach(entry -> versions.put(entry.getKey(), entry.getValue().asText()));
    Map<String, Double> metrics = new LinkedHashMap<>();
    root.path("metrics")
        .properties()
        .forEach(entry -> metrics.put(entry.getKey(), Double.valueOf(entry.getValue().asText())));
    RunInfo info =
        new RunInfo(text(root, "title"), config, root.path("seed").asLong(), data, versions);
    return new RunRecord(
        info, RunStatus.valueOf(constant(root, "status")), versions, sessions, metrics);
  }

  private static @Nullable Instant endedAt(JsonNode session) {
    return session.path("ended_at").isTextual() ? Instant.parse(text(session, "ended_at")) : null;
  }

  private static String constant(JsonNode node, String field) {
    return text(node, field).toUpperCase(Locale.ROOT);
  }

  private static String text(JsonNode node, String field) {
    JsonNode value = node.path(field);
    if (!value.isTextual()) {
      throw new IllegalArgumentException("needs a text \"" + field + "\"");
    }
    return value.textValue();
  }
}
