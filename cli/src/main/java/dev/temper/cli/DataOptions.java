package dev.temper.cli;

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
      description = "JSONL or JSON (also gzip): text, messages, or prompt and completion")
  List<Path> data = new ArrayList<>();

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

  /** The files as run.json identifies them. */
  List<DataFile> files(long examples, long heldOut) {
    List<DataFile> files = new ArrayList<>();
    data.forEach(f -> files.add(DataFile.of(f, Phase.TRAIN, examples)));
    evalData.forEach(f -> files.add(DataFile.of(f, Phase.EVAL, heldOut)));
    return files;
  }
}
