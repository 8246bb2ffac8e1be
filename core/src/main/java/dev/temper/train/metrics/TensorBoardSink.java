package dev.temper.train.metrics;

import static java.util.Objects.requireNonNull;

import dev.temper.UserException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes TensorBoard event files; look at them with {@code tensorboard --logdir DIR}.
 *
 * <p>Training metrics lie in the directory itself, held-out ones in its sub-directory {@code eval}
 * under the same tags (without {@code eval_}), so TensorBoard draws {@code loss} of both in one
 * chart. File names carry the time but no host name. A resumed run adds files and tells TensorBoard
 * to forget the steps that are computed again. Values are stored as 32-bit floats: that is the
 * format.
 */
public final class TensorBoardSink implements MetricSink {
  private static final String EVAL_DIRECTORY = "eval";

  private final Path directory;
  private final OptionalLong resumeStep;
  private final InstantSource clock;
  private final AppendFile train;
  private @Nullable AppendFile
      eval; // opened with the first held-out row: TensorBoard would list an empty run
  private boolean closed;

  /**
   * Starts new event files.
   *
   * @throws UserException if the directory cannot be written
   */
  public TensorBoardSink(Path directory) {
    this(directory, OptionalLong.empty(), InstantSource.system());
  }

  /**
   * Adds event files to those of an earlier run.
   *
   * @param resumeStep the optimizer steps completed at the checkpoint that the run resumes from;
   *     events after it are superseded
   * @throws UserException if the directory cannot be written
   */
  public TensorBoardSink(Path directory, long resumeStep) {
    this(directory, OptionalLong.of(resumeStep), InstantSource.system());
  }

  TensorBoardSink(Path directory, OptionalLong resumeStep, InstantSource clock) {
    this.directory = requireNonNull(directory, "directory");
    this.resumeStep = resumeStep;
    this.clock = clock;
    this.train = begin(AppendFile.create(newFile(directory)));
    Path evalDirectory = directory.resolve(EVAL_DIRECTORY);
    if (resumeStep.isPresent() && Files.isDirectory(evalDirectory)) {
      eval =
          begin(
              AppendFile.create(
                  newFile(evalDirectory))); // at once, so that superseded points vanish at once
    }
  }

  @Override
  public synchronized void record(MetricRow row) {
    if (closed) {
      return;
    }
    List<TfEvents.Message> values = new ArrayList<>();
    for (Map.Entry<String, Double> metric : row.values().entrySet()) {
      values.add(TfEvents.scalar(tag(metric.getKey(), row.phase()), metric.getValue()));
    }
    values.add(TfEvents.scalar("epoch", row.epoch()));
    AppendFile file = row.phase() == Phase.EVAL ? evalFile() : train;
    file.append(TfEvents.summary(wallTime(), row.step(), values));
  }

  @Override
  public synchronized void text(long step, String name, String markdown) {
    if (!closed) {
      train.append(TfEvents.summary(wallTime(), step, List.of(TfEvents.text(name, markdown))));
    }
  }

  @Override
  public synchronized void flush() {
    forEachFile(AppendFile::force);
  }

  @Override
  public synchronized void close() {
    closed = true;
    forEachFile(AppendFile::close);
  }

  private void forEachFile(Consumer<AppendFile> action) {
    action.accept(train);
    if (eval != null) {
      action.accept(eval);
    }
  }

  private AppendFile evalFile() {
    if (eval == null) {
      eval = begin(AppendFile.createQuietly(newFile(directory.resolve(EVAL_DIRECTORY))));
    }
    return eval;
  }

  private AppendFile begin(AppendFile file) {
    file.append(TfEvents.fileVersion(wallTime()));
    resumeStep.ifPresent(step -> file.append(TfEvents.sessionStart(wallTime(), step + 1)));
    return file;
  }

  /**
   * TensorBoard reads files in the order of their names; the suffix keeps two runs of one second
   * apart.
   */
  private Path newFile(Path in) {
    String name = "events.out.tfevents." + clock.instant().getEpochSecond() + ".temper";
    Path file = in.resolve(name);
    for (int i = 1; Files.exists(file); i++) {
      file = in.resolve(name + "." + i);
    }
    return file;
  }

  private double wallTime() {
    return clock.millis() / 1e3;
  }

  private static String tag(String metric, Phase phase) {
    return phase == Phase.EVAL ? metric.substring(MetricRow.EVAL_PREFIX.length()) : metric;
  }
}
