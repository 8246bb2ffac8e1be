package dev.temper.tests;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.temper.data.DataCursor;
import dev.temper.data.DataOrder;
import dev.temper.data.Dataset;
import dev.temper.data.Origin;
import dev.temper.data.TokenExample;
import dev.temper.efficiency.peft.Lora;
import dev.temper.efficiency.peft.Targets;
import dev.temper.model.CausalLm;
import dev.temper.sft.NefTune;
import dev.temper.sft.SftLosses;
import dev.temper.sft.SftObjective;
import dev.temper.tensor.Parameter;
import dev.temper.train.AdamW;
import dev.temper.train.DatasetSource;
import dev.temper.train.Schedule;
import dev.temper.train.Source;
import dev.temper.train.Trainable;
import dev.temper.train.TrainingListener;
import dev.temper.train.TrainingLoop;
import dev.temper.train.TrainingReport;
import dev.temper.train.TrainingSettings;
import dev.temper.train.metrics.MetricRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What must hold for every run: micro-batches do not matter, nor does being killed. */
class InvariantTest {
  private static final Path MODEL = Repository.root().resolve("examples/models/stories260K");

  @TempDir Path dir;

  /** Examples of 5 to 40 tokens, some of which carry no loss. */
  private static List<TokenExample> examples() {
    Random random = new Random(7);
    List<TokenExample> out = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      int[] ids = random.ints(5 + random.nextInt(36), 3, 512).toArray();
      float[] weights = new float[ids.length];
      for (int t = 0; t < ids.length; t++) {
        weights[t] = t < i % 4 ? 0 : 1;
      }
      out.add(new TokenExample(ids, weights, Origin.memory("example " + i)));
    }
    return out;
  }

  private static Source<TokenExample> source(List<TokenExample> data) {
    return new DatasetSource<>(
        Dataset.of(data), DataCursor.over(data.size(), DataOrder.shuffled(1)), 8);
  }

  // ------------------------------------------------------------------ micro-batches

  private record Outcome(List<Double> losses, Map<String, float[]> weights) {}

  private static Outcome trainAll(int tokenBudget) {
    try (CausalLm model = CausalLm.load(MODEL)) {
      model.trainAll();
      List<Double> losses = new ArrayList<>();
      TrainingSettings settings =
          new TrainingSettings(
              3, tokenBudget, 1, Schedule.constant(), 0, 0, 0, 0, Optional.empty());
      // Adam divides by the size of the gradient, which turns the last bit of a gradient near 0
      // into
      // a step of the learning rate; a larger epsilon keeps the update continuous in the gradient.
      AdamW optimizer = new AdamW(1e-3, 0.9, 0.999, 1e-3, 0, false);
      new TrainingLoop(
              settings, optimizer, List.of(onMetrics(r -> losses.add(r.values().get("loss")))))
          .run(
              Trainable.of(model.parameters()),
              source(examples()),
              new SftObjective(model, SftLosses.nll(), SftObjective.Noise.none()),
              List.of(),
              false);
      return new Outcome(losses, values(model.parameters()));
    }
  }

  @Test
  void the_cut_of_a_step_into_micro_batches_changes_neither_loss_nor_weights() {
    Outcome whole = trainAll(1_000_000);

    for (int budget : new int[] {1, 64}) {
      Outcome cut = trainAll(budget);
      for (int i = 0; i < 3; i++) {
        assertThat(cut.losses().get(i))
            .as("loss of step %d, budget %d", i + 1, budget)
            .isCloseTo(whole.losses().get(i), withinPercentage(1e-4)); // 1e-6 of the loss
      }
      assertThat(cut.weights().keySet()).isEqualTo(whole.weights().keySet());
      cut.weights()
          .forEach(
              (name, weights) ->
                  assertThat(largestDifference(weights, requireNonNull(whole.weights().get(name))))
                      .as("%s, budget %d", name, budget)
                      .isLessThan(1e-6));
    }
  }

  // ------------------------------------------------------------------ resume

  private static final class Crash extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /** One process of a run of six steps, with everything that draws random numbers switched on. */
  private static Map<String, float[]> train(
      Path checkpoints, boolean resume, long crashAt, List<String> order) {
    try (CausalLm model = CausalLm.load(MODEL);
        var adapter = Lora.rank(4).dropout(0.1).targets(Targets.allLinear()).attach(model)) {
      TrainingSettings settings =
          new TrainingSettings(
              6, 64, 1, Schedule.cosine().warmup(0.5), 0, 3, 0, 11, Optional.of(checkpoints));
      TrainingListener crash =
          onMetrics(
              row -> {
                if (row.step() == crashAt) {
                  throw new Crash();
                }
              });
      SftObjective objective = new SftObjective(model, SftLosses.nll(), new NefTune(5));
      Source<TokenExample> source = new Recording(source(examples()), order);
      TrainingReport report =
          new TrainingLoop(settings, AdamW.learningRate(1e-2).weightDecay(0.1), List.of(crash))
              .run(adapter, source, objective, List.of(), resume);
      assertThat(report.steps()).isEqualTo(6);
      return values(adapter.parameters());
    }
  }

  @Test
  void a_run_that_crashed_and_went_on_is_the_run_that_did_not_bit_for_bit() {
    List<String> straight = new ArrayList<>();
    Map<String, float[]> expected = train(dir.resolve("a"), false, -1, straight);

    List<String> first = new ArrayList<>();
    List<String> second = new ArrayList<>();
    // The checkpoint is of step 3; steps 4 and 5 are lost and done again.
    assertThatThrownBy(() -> train(dir.resolve("b"), false, 5, first)).isInstanceOf(Crash.class);
    Map<String, float[]> resumed = train(dir.resolve("b"), true, -1, second);

    assertThat(first).isEqualTo(straight.subList(0, 5));
    assertThat(second).isEqualTo(straight.subList(3, 6));
    assertThat(resumed.keySet()).isEqualTo(expected.keySet());
    expected.forEach((name, value) -> assertThat(resumed.get(name)).as(name).isEqualTo(value));
  }

  /** Writes down which examples each step got. */
  private record Recording(Source<TokenExample> source, List<String> order)
      implements Source<TokenExample> {
    @Override
    public List<TokenExample> next() {
      List<TokenExample> step = source.next();
      order.add(step.stream().map(e -> e.origin().toString()).toList().toString());
      return step;
    }

    @Override
    public double epoch() {
      return source.epoch();
    }

    @Override
    public String state() {
      return source.state();
    }

    @Override
    public void resume(String state) {
      source.resume(state);
    }
  }

  // ------------------------------------------------------------------ processes

  private static final int STEPS = 80;

  /** The command in a process of its own, whose folder is that of the test. */
  private Process sft(String out, String... more) throws IOException {
    Path data = dir.resolve("train.jsonl");
    if (!Files.exists(data)) {
      List<String> rows = Repository.read("examples/data/shakespeare-train.jsonl").lines().toList();
      Files.write(data, rows.subList(0, 40));
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-Dai.djl.offline=true"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.temper.cli.Temper"));
    command.addAll(List.of("sft", "--model", MODEL.toString(), "--data", data.toString()));
    command.addAll(List.of("--out", dir.resolve(out).toString(), "--steps", "" + STEPS));
    command.addAll(List.of("--peft", "lora", "--lora-dropout", "0.1", "--learning-rate", "5e-3"));
    command.addAll(List.of("--batch-size", "4", "--max-length", "48", "--save-every", "5"));
    command.addAll(List.of(more));
    return new ProcessBuilder(command)
        .directory(dir.toFile())
        .redirectErrorStream(true)
        .redirectOutput(dir.resolve(out + ".log").toFile())
        .start();
  }

  private int end(Process process, String out) throws IOException, InterruptedException {
    assertThat(process.waitFor(3, TimeUnit.MINUTES))
        .as("ends within 3 minutes: %s", Files.readString(dir.resolve(out + ".log")))
        .isTrue();
    return process.exitValue();
  }

  private Path state(String out) {
    return dir.resolve(out).resolve("checkpoints/last/state.json");
  }

  /** Waits for the first checkpoint and then for up to a second more. */
  private void waitForTheMiddle(Process process, String out, Random random)
      throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (!Files.exists(state(out)) && process.isAlive() && System.nanoTime() < deadline) {
      Thread.sleep(20);
    }
    Thread.sleep(random.nextInt(1000));
  }

  @Test
  @Tag("slow")
  void a_killed_run_goes_on_to_the_weights_of_one_that_was_not() throws Exception {
    assertThat(end(sft("straight"), "straight")).isZero();
    long seed = System.nanoTime();
    Random random = new Random(seed);

    Process killed = sft("killed");
    waitForTheMiddle(killed, "killed", random);
    killed.destroyForcibly();
    assertThat(end(killed, "killed")).as("killed in time, seed %d", seed).isNotZero();
    assertThat(end(sft("killed", "--resume"), "killed"))
        .as("%s", Files.readString(dir.resolve("killed.log")))
        .isZero();

    assertThat(dir.resolve("killed/merged/model.safetensors"))
        .as("killed with seed %d", seed)
        .hasSameBinaryContentAs(dir.resolve("straight/merged/model.safetensors"));
  }

  @Test
  @Tag("slow")
  @DisabledOnOs(OS.WINDOWS)
  void a_run_asked_to_end_finishes_its_step_saves_and_exits_with_143() throws Exception {
    Process process = sft("asked");
    waitForTheMiddle(process, "asked", new Random());
    process.destroy();

    assertThat(end(process, "asked")).isEqualTo(143);
    long step = new ObjectMapper().readTree(state("asked").toFile()).get("step").asLong();
    assertThat(step).isBetween(1L, STEPS - 1L);
    assertThat(Files.readString(dir.resolve("asked.log"))).contains("after step " + step);
    assertThat(dir.resolve("asked/checkpoints/last/trained.safetensors")).exists();
    assertThat(dir.resolve("asked/checkpoints/last/optimizer.safetensors")).exists();
    try (Stream<Path> files = Files.list(dir)) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .noneMatch(name -> name.startsWith("hs_err"));
    }
  }

  // ------------------------------------------------------------------ helpers

  private static TrainingListener onMetrics(java.util.function.Consumer<MetricRow> action) {
    return new TrainingListener() {
      @Override
      public void onMetrics(MetricRow row) {
        action.accept(row);
      }
    };
  }

  private static Map<String, float[]> values(List<Parameter> parameters) {
    Map<String, float[]> out = new LinkedHashMap<>();
    parameters.forEach(p -> out.put(p.name(), p.toFloats()));
    return out;
  }

  private static double largestDifference(float[] a, float[] b) {
    assertThat(a.length).isEqualTo(b.length);
    double most = 0;
    for (int i = 0; i < a.length; i++) {
      most = Math.max(most, Math.abs(a[i] - b[i]));
    }
    return most;
  }
}
