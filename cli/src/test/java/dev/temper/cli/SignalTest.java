package dev.temper.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A run in a process of its own that is asked to end. */
@Tag("slow")
@DisabledOnOs(OS.WINDOWS)
class SignalTest {
  private static final int STEPS = 80;
  private static final int SIGINT_BIT = 1 << 1;

  @TempDir Path dir;

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143"})
  void the_step_ends_a_checkpoint_is_written_and_the_run_can_go_on(String signal, int status)
      throws Exception {
    Process run = sft();
    waitForACheckpoint(run);
    kill(signal, run);

    assertThat(end(run)).isEqualTo(status);
    int step =
        Story.JSON
            .readTree(dir.resolve("run/checkpoints/last/state.json").toFile())
            .get("step")
            .asInt();
    assertThat(step).isBetween(1, STEPS - 1);
    assertThat(log())
        .contains("interrupted after step " + step + "; go on with the same command and --resume")
        .doesNotContain("\tat ");
    assertThat(Files.readString(dir.resolve("run/run.json"))).contains("interrupted");
    try (Stream<Path> files = Files.list(dir)) {
      assertThat(files.map(f -> f.getFileName().toString())).noneMatch(n -> n.startsWith("hs_err"));
    }

    assertThat(end(sft("--resume"))).as(log()).isZero();
    assertThat(dir.resolve("run/merged/model.safetensors")).exists();
  }

  private Process sft(String... more) throws IOException {
    List<String> command = new ArrayList<>(defaultInterrupt());
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-Dai.djl.offline=true", "-Dtemper.threads=1"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.temper.cli.Temper"));
    command.addAll(List.of("sft", "--model", Story.MODEL.toString(), "--out", "run"));
    command.addAll(
        List.of(
            "--data", Story.root().resolve("examples/data/shakespeare-train.jsonl").toString()));
    command.addAll(List.of("--steps", "" + STEPS, "--peft", "lora", "--save-every", "5"));
    command.addAll(List.of("--batch-size", "4", "--max-length", "48"));
    command.addAll(List.of(more));
    return new ProcessBuilder(command)
        .directory(dir.toFile())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(dir.resolve("log").toFile()))
        .start();
  }

  /**
   * What to put before a command so that SIGINT ends it. Shells start background processes with
   * SIGINT ignored, children inherit that, and a JVM that finds it ignored leaves it so.
   */
  private List<String> defaultInterrupt() throws IOException {
    Path own = Path.of("/proc/self/status");
    boolean ignored =
        Files.exists(own)
            && Files.readAllLines(own).stream()
                .filter(l -> l.startsWith("SigIgn:"))
                .anyMatch(l -> (Long.parseUnsignedLong(l.split("\\s+")[1], 16) & SIGINT_BIT) != 0);
    if (!ignored) {
      return List.of();
    }
    List<String> reset = List.of("env", "--default-signal=INT");
    assumeTrue(works(reset), "SIGINT is ignored here, and this system's env cannot reset it");
    return reset;
  }

  private static boolean works(List<String> prefix) throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.add("true");
    try {
      return new ProcessBuilder(command).start().waitFor() == 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void waitForACheckpoint(Process run) throws InterruptedException {
    Path state = dir.resolve("run/checkpoints/last/state.json");
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (!Files.exists(state) && run.isAlive() && System.nanoTime() < deadline) {
      Thread.sleep(10);
    }
  }

  private static void kill(String signal, Process process) throws Exception {
    String command = "kill -" + signal + " " + process.pid();
    assertThat(new ProcessBuilder("sh", "-c", command).start().waitFor()).isZero();
  }

  private int end(Process process) throws Exception {
    assertThat(process.waitFor(3, TimeUnit.MINUTES)).as("ends in time: %s", log()).isTrue();
    return process.exitValue();
  }

  private String log() throws IOException {
    return Files.readString(dir.resolve("log"));
  }
}
