package dev.temper.train.report;

import dev.temper.UserException;
import dev.temper.checkpoint.AtomicFiles;
import dev.temper.train.metrics.CompositeSink;
import dev.temper.train.metrics.CsvSink;
import dev.temper.train.metrics.JsonlSink;
import dev.temper.train.metrics.MetricSink;
import dev.temper.train.metrics.TensorBoardSink;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Properties;

/**
 * The directory of one run.
 *
 * <pre>
 * run.json          settings, versions, data hashes, seed, status, final metrics; replaced atomically
 * metrics.jsonl     every row of metrics
 * metrics.csv       the same as a table
 * tensorboard/      the same for TensorBoard
 * checkpoints/      what the run resumes from
 * report.html       the report for people
 * </pre>
 *
 * <p>One directory holds one run: starting another one in it is an error.
 */
public final class RunDirectory {
  private final Path root;
  private final OptionalLong resumeStep;
  private final InstantSource clock;
  private RunRecord run;

  private RunDirectory(Path root, OptionalLong resumeStep, InstantSource clock, RunRecord run) {
    this.root = root;
    this.resumeStep = resumeStep;
    this.clock = clock;
    this.run = run;
  }

  /**
   * Starts a run in a directory that is new or holds no run.
   *
   * @throws UserException if the directory holds a run already or cannot be written
   */
  public static RunDirectory create(Path root, RunInfo info) {
    return create(root, info, InstantSource.system());
  }

  static RunDirectory create(Path root, RunInfo info, InstantSource clock) {
    requireUnused(root);
    List<RunSession> sessions = List.of(new RunSession(0, now(clock), null));
    RunRecord run = new RunRecord(info, RunStatus.RUNNING, versions(info), sessions, Map.of());
    RunDirectory directory = new RunDirectory(root, OptionalLong.empty(), clock, run);
    directory.write();
    return directory;
  }

  /**
   * Goes on with the run in a directory. Its title, settings and versions become those of {@code
   * info}; seed and data must be the same, because a run that goes on with others is no longer the
   * run that its metrics describe.
   *
   * @param step the optimizer steps completed at the checkpoint it resumes from
   * @throws UserException if there is no run, or its seed or data differ; the message says which
   */
  public static RunDirectory resume(Path root, RunInfo info, long step) {
    return resume(root, info, step, InstantSource.system());
  }

  static RunDirectory resume(Path root, RunInfo info, long step, InstantSource clock) {
    RunRecord before = readRun(root);
    requireSame(root, before.info(), info);
    List<RunSession> sessions = new ArrayList<>(before.sessions());
    sessions.add(new RunSession(step, now(clock), null));
    RunRecord run = new RunRecord(info, RunStatus.RUNNING, versions(info), sessions, Map.of());
    RunDirectory directory = new RunDirectory(root, OptionalLong.of(step), clock, run);
    directory.write();
    return directory;
  }

  /**
   * Reads {@code run.json} of a directory.
   *
   * @throws UserException if there is none, or it is broken
   */
  public static RunRecord readRun(Path root) {
    Path file = root.resolve("run.json");
    if (!Files.isRegularFile(file)) {
      throw new UserException(root + " holds no run: there is no run.json in it");
    }
    return RunJson.read(file);
  }

  /**
   * The sinks for {@code metrics.jsonl}, {@code metrics.csv} and {@code tensorboard/} as one; a
   * resumed run drops rows after its step.
   *
   * @throws UserException if a file cannot be opened
   */
  public MetricSink openSinks() {
    List<MetricSink> sinks = new ArrayList<>();
    if (resumeStep.isPresent()) {
      long step = resumeStep.getAsLong();
      sinks.add(new JsonlSink(metricsJsonl(), step));
      sinks.add(new CsvSink(metricsCsv(), step));
      sinks.add(new TensorBoardSink(tensorboard(), step));
    } else {
      sinks.add(new JsonlSink(metricsJsonl()));
      sinks.add(new CsvSink(metricsCsv()));
      sinks.add(new TensorBoardSink(tensorboard()));
    }
    return new CompositeSink(sinks);
  }

  /**
   * Ends this session and writes the outcome to {@code run.json}.
   *
   * @param status any but {@link RunStatus#RUNNING}
   * @param metrics final metrics
   * @throws UserException if {@code run.json} cannot be written; what it held before is unchanged
   */
  public synchronized void end(RunStatus status, Map<String, Double> metrics) {
    if (status == RunStatus.RUNNING) {
      throw new IllegalArgumentException(
          "RunDirectory: a run ends finished, interrupted or failed, not running");
    }
    List<RunSession> sessions = new ArrayList<>(run.sessions());
    RunSession session = sessions.remove(sessions.size() - 1);
    sessions.add(new RunSession(session.fromStep(), session.startedAt(), now(clock)));
    run = new RunRecord(run.info(), status, run.versions(), sessions, metrics);
    write();
  }

  /** What {@code run.json} says now. */
  public synchronized RunRecord run() {
    return run;
  }

  /** The directory. */
  public Path root() {
    return root;
  }

  /** {@code run.json}. */
  public Path runJson() {
    return root.resolve("run.json");
  }

  /** {@code metrics.jsonl}. */
  public Path metricsJsonl() {
    return root.resolve("metrics.jsonl");
  }

  /** {@code metrics.csv}. */
  public Path metricsCsv() {
    return root.resolve("metrics.csv");
  }

  /** The directory of TensorBoard's event files. */
  public Path tensorboard() {
    return root.resolve("tensorboard");
  }

  /** The directory of the checkpoints. */
  public Path checkpoints() {
    return root.resolve("checkpoints");
  }

  /** {@code report.html}. */
  public Path reportHtml() {
    return root.resolve("report.html");
  }

  private void write() {
    AtomicFiles.stream(runJson(), out -> out.write(RunJson.write(run)));
  }

  /**
   * Checks that a run can start here.
   *
   * @throws UserException if {@code root} is a file or holds a run already
   */
  public static void requireUnused(Path root) {
    if (Files.exists(root) && !Files.isDirectory(root)) {
      throw new UserException(root + " is a file: choose a directory for the run");
    }
    if (Files.exists(root.resolve("run.json"))) {
      RunRecord other = readRun(root);
      throw new UserException(
          root
              + " already holds a run (\""
              + other.info().title()
              + "\", "
              + other.status().label()
              + ", started "
              + other.sessions().get(0).startedAt()
              + "): choose another directory, or resume that run");
    }
    for (String name : List.of("metrics.jsonl", "metrics.csv", "tensorboard", "checkpoints")) {
      if (!isEmpty(root.resolve(name))) {
        throw new UserException(
            root + " holds " + name + " of another run: choose another directory, or remove it");
      }
    }
  }

  private static boolean isEmpty(Path path) {
    try {
      if (!Files.isDirectory(path)) {
        return !Files.exists(path) || Files.size(path) == 0;
      }
      try (DirectoryStream<Path> files = Files.newDirectoryStream(path)) {
        return !files.iterator().hasNext();
      }
    } catch (IOException e) {
      throw new UserException("cannot read " + path + ": " + e, e);
    }
  }

  private static void requireSame(Path root, RunInfo before, RunInfo now) {
    if (before.seed() != now.seed()) {
      throw new UserException(
          root
              + " cannot be resumed with seed "
              + now.seed()
              + ": the run began with seed "
              + before.seed()
              + "; use that one");
    }
    if (before.data().size() != now.data().size()) {
      throw new UserException(
          root
              + " cannot be resumed with "
              + now.data().size()
              + " data files: the run began with "
              + before.data().size());
    }
    for (int i = 0; i < before.data().size(); i++) {
      DataFile old = before.data().get(i);
      DataFile file = now.data().get(i);
      if (!old.sha256().equals(file.sha256()) || old.phase() != file.phase()) {
        throw new UserException(
            root
                + " cannot be resumed: "
                + file.path()
                + " ("
                + file.phase().label()
                + ", sha256 "
                + file.sha256()
                + ") is not the data the run began with ("
                + old.path()
                + ", "
                + old.phase().label()
                + ", sha256 "
                + old.sha256()
                + "); give the same files in the same order, or start a new run");
      }
    }
  }

  private static Map<String, String> versions(RunInfo info) {
    Map<String, String> versions = new LinkedHashMap<>();
    versions.put("temper", temperVersion());
    versions.put("java", System.getProperty("java.version", "unknown"));
    versions.put(
        "os", System.getProperty("os.name", "unknown") + " " + System.getProperty("os.arch", ""));
    versions.putAll(info.versions());
    return versions;
  }

  private static String temperVersion() {
    try (InputStream in =
        RunDirectory.class.getResourceAsStream(
            "/META-INF/maven/dev.temper/temper-core/pom.properties")) {
      Properties maven = new Properties();
      if (in != null) {
        maven.load(in);
      }
      return maven.getProperty("version", "development"); // classes outside a jar have no version
    } catch (IOException e) {
      return "development";
    }
  }

  private static Instant now(InstantSource clock) {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }
}
