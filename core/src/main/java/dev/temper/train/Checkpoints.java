package dev.temper.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import dev.temper.checkpoint.AtomicFiles;
import dev.temper.checkpoint.CheckpointWriter;
import dev.temper.checkpoint.Names;
import dev.temper.checkpoint.SafetensorsFile;
import dev.temper.checkpoint.StoredParameters;
import dev.temper.tensor.Parameter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Everything a run needs to go on: {@code last/} holds the trained parameters, the optimizer's
 * state and {@code state.json}; it is replaced as a whole, so a kill at any moment leaves a
 * complete one. {@code best/} holds the parameters of the best evaluation.
 */
final class Checkpoints {
  static final String LAST = "last";
  static final String BEST = "best";
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What state.json says. */
  record State(long step, long optimizerSteps, String source, double bestLoss, int sinceBest) {}

  private final Path root;

  Checkpoints(Path root) {
    this.root = root;
  }

  Path save(State state, List<Parameter> trained, Optimizer optimizer) {
    Path target = root.resolve(LAST);
    AtomicFiles.replaceDirectory(
        target,
        dir -> {
          write(dir.resolve("trained.safetensors"), trained);
          write(dir.resolve("optimizer.safetensors"), optimizer.state());
          ObjectNode json = JSON.createObjectNode();
          json.put("step", state.step())
              .put("optimizer_steps", state.optimizerSteps())
              .put("source", state.source());
          json.put("best_loss", state.bestLoss()).put("since_best", state.sinceBest());
          AtomicFiles.write(dir.resolve("state.json"), json.toPrettyString() + "\n");
        });
    return target;
  }

  void saveBest(List<Parameter> trained) {
    AtomicFiles.replaceDirectory(
        root.resolve(BEST), dir -> write(dir.resolve("trained.safetensors"), trained));
  }

  /** Puts a checkpoint back; empty if there is none. */
  Optional<State> restore(List<Parameter> trained, Optimizer optimizer) {
    Path last = root.resolve(LAST);
    AtomicFiles.recover(last);
    Path file = last.resolve("state.json");
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      JsonNode json = JSON.readTree(file.toFile());
      read(last.resolve("trained.safetensors"), trained);
      read(last.resolve("optimizer.safetensors"), optimizer.state());
      optimizer.resume(json.get("optimizer_steps").asLong());
      return Optional.of(
          new State(
              json.get("step").asLong(),
              json.get("optimizer_steps").asLong(),
              json.get("source").asText(),
              json.get("best_loss").asDouble(),
              json.get("since_best").asInt()));
    } catch (IOException e) {
      throw new UserException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static void write(Path file, List<Parameter> parameters) {
    CheckpointWriter.writeFile(file, parameters.stream().map(StoredParameters::source).toList());
  }

  private static void read(Path file, List<Parameter> parameters) {
    SafetensorsFile stored = SafetensorsFile.open(file);
    for (Parameter p : parameters) {
      if (!stored.names().contains(p.name())) {
        throw new UserException(
            file
                + ": has no '"
                + p.name()
                + "'"
                + Names.hint(p.name(), stored.names())
                + ": it belongs to a run with other settings");
      }
      if (!java.util.Arrays.equals(stored.info(p.name()).dims(), p.shape().dims())) {
        throw new UserException(
            file
                + ": '"
                + p.name()
                + "' has shape "
                + stored.info(p.name()).shape()
                + ", this run needs "
                + p.shape()
                + ": it belongs to a run with other settings");
      }
      StoredParameters.assign(p, stored.source(p.name()));
    }
  }
}
