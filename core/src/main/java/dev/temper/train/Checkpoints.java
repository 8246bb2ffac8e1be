package dev.temper.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.temper.UserException;
import dev.temper.checkpoint.AtomicFiles;
import dev.temper.checkpoint.CheckpointWriter;
import dev.temper.checkpoint.Names;
import dev.temper.checkpoint.SafetensorsFile;
import dev.temper.checkpoint.StoredParameters;
import dev.temper.tensor.Parameter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Everything a run needs to go on: {@code last/} holds the trained parameters, the optimizer's
 * state, the objective's if it has any, and {@code state.json}; it is replaced as a whole, so a
 * kill at any moment leaves a complete one. {@code best/} holds the parameters of the best
 * evaluation. If several are kept, each is also {@code step-N/}, which shares its files with {@code
 * last/} while that is the same.
 */
final class Checkpoints {
  static final String LAST = "last";
  static final String BEST = "best";
  private static final String OBJECTIVE = "objective.safetensors";
  private static final Pattern STEP = Pattern.compile("step-([0-9]{1,18})");
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES);

  /**
   * What state.json says.
   *
   * @param bestStep step of the best evaluation; 0 if there was none
   */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  record State(
      long step,
      long optimizerSteps,
      String source,
      double tokens,
      long bestStep,
      double bestLoss,
      int sinceBest) {
    State {
      if (step < 0 || optimizerSteps < 0 || bestStep < 0 || sinceBest < 0 || !(tokens >= 0)) {
        throw new IllegalArgumentException("counts must not be negative");
      }
    }
  }

  private final Path root;
  private final int keep;

  /**
   * Checkpoints of one run.
   *
   * @param keep how many of the newest stay
   */
  Checkpoints(Path root, int keep) {
    this.root = root;
    this.keep = keep;
  }

  /**
   * Writes a checkpoint.
   *
   * @param others what else changes in the course of training ({@link Objective#state})
   */
  Path save(State state, List<Parameter> trained, Optimizer optimizer, List<Parameter> others) {
    Path target = root.resolve(LAST);
    AtomicFiles.replaceDirectory(
        target,
        dir -> {
          write(dir.resolve("trained.safetensors"), trained);
          write(dir.resolve("optimizer.safetensors"), optimizer.state());
          if (!others.isEmpty()) {
            write(dir.resolve(OBJECTIVE), others);
          }
          AtomicFiles.write(dir.resolve("state.json"), json(state) + "\n");
        });
    if (keep > 1) {
      keepAs(target, root.resolve("step-" + state.step()));
      dropOthers(state.step());
    }
    return target;
  }

  private static String json(State state) {
    try {
      return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(state);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Replacing {@code last/} later makes new files, so links to those it has now stay as they are.
   */
  private static void keepAs(Path last, Path target) {
    AtomicFiles.replaceDirectory(
        target,
        dir -> {
          try (Stream<Path> files = Files.list(last)) {
            for (Path file : files.toList()) {
              linkOrCopy(file, dir.resolve(file.getFileName()));
            }
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private static void linkOrCopy(Path from, Path to) throws IOException {
    try {
      Files.createLink(to, from);
    } catch (IOException | UnsupportedOperationException e) {
      Files.copy(from, to); // a file system without links
    }
  }

  /** Drops the oldest, and those of later steps, which an earlier run has left. */
  private void dropOthers(long newest) {
    try (Stream<Path> entries = Files.list(root)) {
      List<Path> newestFirst =
          entries
              .filter(p -> STEP.matcher(p.getFileName().toString()).matches())
              .sorted(Comparator.comparingLong(Checkpoints::stepOf).reversed())
              .toList();
      int kept = 0;
      for (Path directory : newestFirst) {
        if (stepOf(directory) > newest || ++kept > keep) {
          AtomicFiles.deleteTree(directory);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long stepOf(Path directory) {
    return Long.parseLong(directory.getFileName().toString().substring("step-".length()));
  }

  void saveBest(List<Parameter> trained) {
    AtomicFiles.replaceDirectory(
        root.resolve(BEST), dir -> write(dir.resolve("trained.safetensors"), trained));
  }

  /** Puts the weights of the best evaluation back. */
  void restoreBest(List<Parameter> trained) {
    Path best = root.resolve(BEST);
    AtomicFiles.recover(best);
    read(best.resolve("trained.safetensors"), trained);
  }

  /** Puts a checkpoint back; empty if there is none. */
  Optional<State> restore(List<Parameter> trained, Optimizer optimizer, List<Parameter> others) {
    Path last = root.resolve(LAST);
    AtomicFiles.recover(last);
    Path file = last.resolve("state.json");
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      State state = JSON.readValue(file.toFile(), State.class);
      read(last.resolve("trained.safetensors"), trained);
      read(last.resolve("optimizer.safetensors"), optimizer.state());
      if (!others.isEmpty()) {
        read(last.resolve(OBJECTIVE), others);
      }
      optimizer.resume(state.optimizerSteps());
      return Optional.of(state);
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
