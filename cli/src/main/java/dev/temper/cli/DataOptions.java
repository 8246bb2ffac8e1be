package dev.temper.cli;

import dev.temper.data.DataSource;
import dev.temper.data.StopRule;
import dev.temper.train.metrics.Phase;
import dev.temper.train.report.DataFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** What a training command reads. */
final class DataOptions {
  @Option(
      names = "--data",
      required = true,
      split = ",",
      paramLabel = "FILE",
      description =
          "JSONL, JSON or CSV (also gzip) with TRL's columns for the method; files with weights"
              + " (a.jsonl:0.7) are mixed at random in those shares")
  List<String> data = new ArrayList<>();

  @Option(
      names = "--stop-rule",
      defaultValue = "FIRST_EXHAUSTED",
      description =
          "When an epoch over files with weights ends: ${COMPLETION-CANDIDATES} (default:"
              + " ${DEFAULT-VALUE})")
  StopRule stopRule = StopRule.FIRST_EXHAUSTED;

  @Option(names = "--eval-data", split = ",", paramLabel = "FILE", description = "Held-out rows")
  List<Path> evalData = new ArrayList<>();

  @Option(names = "--max-length", defaultValue = "1024", description = "Longer examples are cut")
  int maxLength = 1024;

  @Option(
      names = "--shuffle",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description = "A new order for every pass over the data (default: yes)")
  boolean shuffle = true;

  /** The files to train on with their weights. */
  List<DataSource> sources() {
    return data.stream().map(DataSource::parse).toList();
  }

  /** The files as run.json identifies them. */
  List<DataFile> files(long examples, long heldOut) {
    List<DataFile> files = new ArrayList<>();
    sources().forEach(f -> files.add(DataFile.of(f.file(), Phase.TRAIN, examples)));
    evalData.forEach(f -> files.add(DataFile.of(f, Phase.EVAL, heldOut)));
    return files;
  }
}
