package dev.temper.sft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.temper.UserException;
import dev.temper.data.DataException;
import dev.temper.data.DataSource;
import dev.temper.data.Origin;
import dev.temper.data.PackedSequence;
import dev.temper.data.Packing;
import dev.temper.data.StopRule;
import dev.temper.data.TokenExample;
import dev.temper.model.CausalLm;
import dev.temper.train.AdamW;
import dev.temper.train.Evaluation;
import dev.temper.train.Schedule;
import dev.temper.train.TrainingListener;
import dev.temper.train.TrainingLoop;
import dev.temper.train.TrainingReport;
import dev.temper.train.metrics.MetricRow;
import dev.temper.train.metrics.Phase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SftTrainerTest {
  @TempDir Path dir;

  private final List<MetricRow> rows = new ArrayList<>();

  private SftTrainer trainer(CausalLm model) {
    return SftTrainer.of(model)
        .trainAll()
        .optimizer(AdamW.learningRate(1e-3))
        .schedule(Schedule.constant())
        .listener(
            new TrainingListener() {
              @Override
              public void onMetrics(MetricRow row) {
                rows.add(row);
              }
            });
  }

  private static List<TokenExample> examples(int count, int longest) {
    Random random = new Random(3);
    return IntStream.range(0, count)
        .mapToObj(
            i ->
                TokenExample.allTrained(
                    random.ints(2 + random.nextInt(longest - 1), 0, 40).toArray(),
                    Origin.memory("example " + i)))
        .toList();
  }

  // ------------------------------------------------------------------ packing

  @ParameterizedTest
  @EnumSource(Packing.class)
  void a_step_is_so_many_packed_rows(Packing packing) {
    List<TokenExample> data = examples(11, 14);
    List<PackedSequence> packed = packing.pack(data, 12);
    try (CausalLm model = TinyLlama.load(dir)) {
      SftTrainer trainer =
          trainer(model)
              .examples(data)
              .packing(packing)
              .maxLength(12)
              .batchSize(2)
              .shuffle(false)
              .optimizer(AdamW.learningRate(1e-30));
      assertThat(trainer.size()).isEqualTo(packed.size());
      assertThat(trainer.plannedSteps()).isEqualTo((packed.size() + 1) / 2);
      trainer.run();
      SftObjective objective = new SftObjective(model, SftLosses.nll(), SftObjective.Noise.none());
      for (int step = 0; step < packed.size() / 2; step++) {
        List<TokenExample> inStep =
            packed.subList(2 * step, 2 * step + 2).stream()
                .flatMap(row -> row.segments().stream())
                .toList();
        // Each segment is scored by itself: what is packed together does not see each other.
        double sum = 0;
        int tokens = 0;
        for (TokenExample e : inStep) {
          if (e.trainedTokens() > 0) {
            sum += TrainingLoop.evaluate(objective, List.of(e), 1000).loss() * e.trainedTokens();
            tokens += e.trainedTokens();
          }
        }
        assertThat(rows.get(step).values().get("loss")).isCloseTo(sum / tokens, within(1e-5));
      }
    }
  }

  @Test
  void packing_without_splitting_trains_the_same_tokens_in_fewer_steps() {
    List<TokenExample> data = examples(12, 8);
    try (CausalLm model = TinyLlama.load(dir)) {
      SftTrainer plain = trainer(model).examples(data).maxLength(8).batchSize(1);
      SftTrainer packed =
          trainer(model).examples(data).maxLength(24).batchSize(1).packing(Packing.BFD);
      assertThat(packed.plannedSteps()).isLessThan(plain.plannedSteps());
      packed.run();
      int tokens = data.stream().mapToInt(TokenExample::length).sum();
      assertThat(rows.get(rows.size() - 1).values().get("num_tokens")).isEqualTo(tokens);
    }
  }

  // ------------------------------------------------------------------ mixtures

  private DataSource file(String name, int token, int count, double weight) {
    try {
      List<String> lines = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        lines.add("{\"input_ids\": [1, " + token + ", " + (10 + i) + "]}");
      }
      Path file = dir.resolve(name);
      Files.write(file, lines);
      return DataSource.parse(weight > 0 ? file + ":" + weight : file.toString());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Trains on two files and says for each row drawn which one it was: 10 × file + number. */
  private List<Integer> draws(long steps, boolean resume) {
    List<Integer> drawn = new ArrayList<>();
    Path model = dir.resolve("model");
    try {
      Files.createDirectories(model);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    try (CausalLm lm = TinyLlama.load(model)) {
      trainer(lm)
          .data(file("a.jsonl", 3, 4, 0.7))
          .data(file("b.jsonl", 4, 9, 0.3))
          .loss(
              in -> {
                for (int i = 0; i < in.targets().length; i += 2) {
                  drawn.add(100 * in.targets()[i] + in.targets()[i + 1]);
                }
                return SftLosses.nll().compute(in);
              })
          .steps(steps)
          .batchSize(4)
          .seed(5)
          .saveEvery(5)
          .output(dir.resolve("run"))
          .resume(resume)
          .run();
    }
    return drawn;
  }

  @Test
  void files_are_mixed_by_their_weights_and_go_on_where_they_were() {
    List<Integer> straight = draws(50, false);
    assertThat(straight).hasSize(200);
    assertThat(straight.stream().filter(x -> x / 100 == 3).count() / 200.0)
        .isCloseTo(0.7, within(0.1)); // three standard deviations
    for (int pass = 0; pass < 3; pass++) {
      assertThat(straight.stream().filter(x -> x / 100 == 3).skip(4L * pass).limit(4))
          .as("each pass over the small file has each row once")
          .doesNotHaveDuplicates();
    }
    assertThat(draws(20, false)).isEqualTo(straight.subList(0, 80));
    assertThat(draws(50, true)).isEqualTo(straight.subList(80, 200));
  }

  @Test
  void an_epoch_over_a_mixture_ends_by_its_stop_rule() {
    try (CausalLm model = TinyLlama.load(dir)) {
      SftTrainer trainer =
          trainer(model)
              .data(file("a.jsonl", 3, 4, 0.7))
              .data(file("b.jsonl", 4, 9, 0.3))
              .batchSize(1);
      long first = trainer.plannedSteps();
      long all = trainer.stopRule(StopRule.ALL_EXHAUSTED).plannedSteps();
      assertThat(first).isBetween(4L, 12L);
      assertThat(all).isGreaterThan(13);
      assertThat(trainer.stopRule(StopRule.TOTAL_SIZE).plannedSteps()).isEqualTo(13);
    }
  }

  @Test
  void a_weight_for_one_file_only_is_refused() {
    try (CausalLm model = TinyLlama.load(dir)) {
      SftTrainer trainer =
          trainer(model).data(file("a.jsonl", 3, 4, 0.7)).data(file("b.jsonl", 4, 9, 0));
      assertThatThrownBy(trainer::plannedSteps)
          .isInstanceOf(DataException.class)
          .hasMessageContaining("b.jsonl");
    }
  }

  // ------------------------------------------------------------------ the best weights

  private static TokenExample repeated(int token) {
    return TokenExample.allTrained(
        IntStream.generate(() -> token).limit(6).toArray(), Origin.memory("token " + token));
  }

  /** What is trained makes the held-out text less likely, so the first evaluation is the best. */
  private SftTrainer worsening(CausalLm model) {
    return trainer(model)
        .examples(List.of(repeated(5)))
        .evalExamples(List.of(repeated(6)))
        .optimizer(AdamW.learningRate(1e-2))
        .steps(9)
        .batchSize(1)
        .evalEvery(2);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void a_run_that_stops_early_ends_with_its_best_weights(boolean onDisk) {
    try (CausalLm model = TinyLlama.load(dir)) {
      SftTrainer trainer = worsening(model).patience(2);
      if (onDisk) {
        trainer.output(dir.resolve("run"));
      }
      TrainingReport report = trainer.run();
      assertThat(report.end()).isEqualTo(TrainingReport.End.EARLY_STOPPED);
      assertThat(report.steps()).isEqualTo(6);
      TrainingReport.Best best = report.best().orElseThrow();
      assertThat(best.step()).isEqualTo(2);
      assertThat(best.restored()).isTrue();
      assertThat(trainer.evaluate()).isEqualTo(best.loss());
    }
  }

  @Test
  void the_last_weights_stay_if_that_is_wanted() {
    try (CausalLm model = TinyLlama.load(dir)) {
      SftTrainer trainer = worsening(model).patience(2).restoreBest(false);
      TrainingReport.Best best = trainer.run().best().orElseThrow();
      assertThat(best.restored()).isFalse();
      assertThat(trainer.evaluate()).isGreaterThan(best.loss());
    }
  }

  @Test
  void a_full_run_restores_its_best_weights_if_asked() {
    try (CausalLm model = TinyLlama.load(dir)) {
      SftTrainer trainer = worsening(model).restoreBest(true);
      TrainingReport report = trainer.run();
      assertThat(report.steps()).isEqualTo(9);
      assertThat(trainer.evaluate()).isEqualTo(report.best().orElseThrow().loss());
    }
  }

  // ------------------------------------------------------------------ evaluation, checkpoints

  @Test
  void evaluations_log_trl_s_metrics() {
    try (CausalLm model = TinyLlama.load(dir)) {
      SftTrainer trainer = worsening(model).noise(new NefTune(50));
      Evaluation before = trainer.evaluation();
      assertThat(before.loss())
          .as("no noise where nothing is trained")
          .isEqualTo(
              TrainingLoop.evaluate(
                      new SftObjective(model, SftLosses.nll(), SftObjective.Noise.none()),
                      List.of(repeated(6)),
                      100)
                  .loss());
      assertThat(before.metrics()).containsOnlyKeys("entropy", "mean_token_accuracy");
      worsening(model).run();
      MetricRow eval = rows.stream().filter(r -> r.phase() == Phase.EVAL).findFirst().orElseThrow();
      assertThat(eval.values())
          .containsOnlyKeys(
              "eval_loss", "eval_entropy", "eval_mean_token_accuracy", "eval_num_tokens");
      assertThat(eval.values().get("eval_num_tokens")).isEqualTo(12);
      MetricRow last = rows.get(rows.size() - 2);
      assertThat(last.values()).containsKeys("entropy", "mean_token_accuracy", "num_tokens");
      assertThat(last.values().get("mean_token_accuracy"))
          .as("one token again and again is learnt in nine steps")
          .isEqualTo(1);
    }
  }

  @Test
  void the_newest_checkpoints_stay() throws IOException {
    Path checkpoints = dir.resolve("run/checkpoints");
    Files.createDirectories(checkpoints.resolve("step-400")); // an earlier run's
    try (CausalLm model = TinyLlama.load(dir)) {
      worsening(model).saveEvery(2).keepCheckpoints(3).output(dir.resolve("run")).run();
    }
    try (Stream<Path> entries = Files.list(checkpoints)) {
      assertThat(entries.map(p -> p.getFileName().toString()))
          .containsExactlyInAnyOrder("last", "best", "step-6", "step-8", "step-9");
    }
    ObjectMapper json = new ObjectMapper();
    assertThat(
            json.readTree(checkpoints.resolve("step-6/state.json").toFile()).get("step").asLong())
        .isEqualTo(6);
    assertThat(json.readTree(checkpoints.resolve("last/state.json").toFile()).get("step").asLong())
        .isEqualTo(9);
    assertThat(checkpoints.resolve("step-9/trained.safetensors"))
        .hasSameBinaryContentAs(checkpoints.resolve("last/trained.safetensors"));
  }

  @Test
  void num_tokens_goes_on_after_a_resume() {
    try (CausalLm model = TinyLlama.load(dir)) {
      worsening(model).steps(4).output(dir.resolve("run")).run();
      rows.clear();
      worsening(model).steps(5).output(dir.resolve("run")).resume(true).run();
      assertThat(rows.get(0).values().get("num_tokens")).isEqualTo(5 * 6);
    }
  }

  @Test
  void evaluations_need_something_to_evaluate_on() {
    try (CausalLm model = TinyLlama.load(dir)) {
      assertThatThrownBy(() -> trainer(model).examples(examples(2, 4)).evalEvery(1).run())
          .isInstanceOf(UserException.class)
          .hasMessageContaining("evalData");
      assertThatThrownBy(() -> trainer(model).examples(examples(2, 4)).patience(1).run())
          .hasMessageContaining("patience: 1 needs evaluations");
    }
  }
}
