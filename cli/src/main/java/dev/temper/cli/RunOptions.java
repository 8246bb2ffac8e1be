package dev.temper.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.temper.UserException;
import dev.temper.checkpoint.AtomicFiles;
import dev.temper.model.SaveType;
import dev.temper.train.report.RunDirectory;
import dev.temper.train.report.RunInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a run writes. */
final class RunOptions {
  /** What a run of ours writes into its directory. */
  private static final List<String> WRITTEN =
      List.of(
          "run.json",
          "metrics.jsonl",
          "metrics.csv",
          "tensorboard",
          "checkpoints",
          "report.html",
          "adapter",
          "merged",
          "model");

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "Run directory")
  @Nullable Path out;

  @Option(
      names = "--overwrite",
      fallbackValue = "true",
      description = "Replace an earlier run in --out")
  boolean overwrite;

  @Option(
      names = "--resume",
      fallbackValue = "true",
      description = "Go on from the last checkpoint in --out")
  boolean resume;

  @Option(
      names = "--dtype",
      defaultValue = "F32",
      description = "Of saved models: ${COMPLETION-CANDIDATES}")
  SaveType dtype = SaveType.F32;

  Path directory() {
    return Given.of(out, "--out");
  }

  /** Fails before anything slow happens if the directory cannot take the run. */
  void check() {
    if (resume) {
      lastStep();
    } else if (!overwrite) {
      RunDirectory.requireUnused(directory());
    }
  }

  /**
   * Starts the run in its directory, or goes on with it. An earlier run is removed only here, when
   * everything the new one needs has been read.
   */
  RunDirectory open(RunInfo info) {
    if (resume) {
      return RunDirectory.resume(directory(), info, lastStep());
    }
    if (overwrite) {
      removeEarlierRun();
    }
    return RunDirectory.create(directory(), info);
  }

  private long lastStep() {
    Path last = directory().resolve("checkpoints").resolve("last");
    AtomicFiles.recover(last);
    Path state = last.resolve("state.json");
    if (!Files.exists(state)) {
      throw new UserException(
          directory() + ": there is no checkpoint to go on from; start without --resume");
    }
    try {
      return new ObjectMapper().readTree(state.toFile()).get("step").asLong();
    } catch (IOException e) {
      throw new UserException(state + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** Only what a run of ours wrote is removed, and only if the directory is a run. */
  private void removeEarlierRun() {
    Path dir = directory();
    if (!Files.exists(dir.resolve("run.json"))) {
      return;
    }
    try {
      for (String name : WRITTEN) {
        AtomicFiles.deleteTree(dir.resolve(name));
      }
    } catch (IOException e) {
      throw new UserException(dir + ": the earlier run cannot be removed: " + e.getMessage(), e);
    }
  }
}
