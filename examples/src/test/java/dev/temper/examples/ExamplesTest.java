package dev.temper.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.temper.checkpoint.SafetensorsFile;
import dev.temper.checkpoint.StoredType;
import dev.temper.generate.Completion;
import dev.temper.train.TrainingReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every example runs to its end and does what it says. */
class ExamplesTest {
  private static final Path MODEL = Path.of("models/stories260K").toAbsolutePath();
  private static final Path SOURCES = Path.of("src/main/java/dev/temper/examples");

  @TempDir Path out;
  private Path data = Path.of("");

  @BeforeEach
  void aFewRows() throws IOException {
    List<String> rows = Files.readAllLines(Path.of("data/shakespeare-train.jsonl"));
    data = Files.write(out.resolve("train.jsonl"), rows.subList(0, 12));
  }

  @Test
  void fine_tune_learns_and_saves_adapter_and_model() {
    TrainingReport report = FineTune.run(MODEL, data, out);

    assertThat(report.steps()).isEqualTo(10);
    assertThat(report.metrics().get("loss")).isLessThan(4.5);
    assertThat(out.resolve("adapter/adapter_config.json")).exists();
    assertThat(out.resolve("merged/model.safetensors")).exists();
  }

  @Test
  void custom_loss_trains_and_logs_its_own_metric() {
    TrainingReport report = CustomLoss.run(MODEL, data);

    assertThat(report.metrics().get("loss")).isPositive();
    assertThat(report.metrics().get("mean_probability")).isBetween(0.001, 0.999);
  }

  @Test
  void chat_masks_brackets_what_the_assistant_says_and_nothing_else() {
    assertThat(ChatMasks.run(MODEL))
        .contains("[Lily has the ball.", "[She found it.")
        .doesNotContain("[Who", "[Why");
  }

  @Test
  void generate_streams_what_it_returns() {
    List<String> parts = new ArrayList<>();
    Completion story = Generate.run(MODEL, "Once upon a time", parts::add);

    assertThat(parts).hasSizeGreaterThan(5);
    assertThat(String.join("", parts)).isEqualTo(story.text()).isNotBlank();
  }

  @Test
  void score_file_gives_a_perplexity_for_every_row() throws IOException {
    List<Double> perplexities = ScoreFile.run(MODEL, data);

    assertThat(perplexities).hasSameSizeAs(Files.readAllLines(data)).allMatch(p -> p > 1);
  }

  @Test
  void lora_merge_and_save_writes_a_changed_model_in_half_precision() {
    Path merged = LoraMergeAndSave.run(MODEL, data, out);

    SafetensorsFile file = SafetensorsFile.open(merged.resolve("model.safetensors"));
    assertThat(file.info("model.layers.0.self_attn.q_proj.weight").type())
        .isEqualTo(StoredType.BF16);
    assertThat(out.resolve("adapter/adapter_model.safetensors")).exists();
  }

  @Test
  void resume_training_ends_as_one_long_run_would() {
    TrainingReport twice = ResumeTraining.run(MODEL, data, out.resolve("twice"));
    TrainingReport once = ResumeTraining.train(MODEL, data, out.resolve("once"), 8, false);

    assertThat(twice.steps()).isEqualTo(8);
    assertThat(twice.metrics().get("loss")).isEqualTo(once.metrics().get("loss"));
    assertThat(out.resolve("twice/checkpoints/last/trained.safetensors"))
        .hasSameBinaryContentAs(out.resolve("once/checkpoints/last/trained.safetensors"));
  }

  @Test
  void custom_metric_sink_sees_every_metric() {
    Map<String, Double> largest = CustomMetricSink.run(MODEL, data);

    assertThat(largest).containsKeys("loss", "grad_norm", "learning_rate");
    assertThat(largest.get("loss")).isPositive();
  }

  /** JBang needs its lines as they are; a formatter likes to put a blank into them. */
  @Test
  void every_example_is_short_and_runs_with_jbang() throws IOException {
    try (Stream<Path> files = Files.list(SOURCES)) {
      List<Path> examples =
          files.filter(f -> !f.getFileName().toString().equals("package-info.java")).toList();
      assertThat(examples).hasSize(8);
      for (Path example : examples) {
        List<String> lines = Files.readAllLines(example);
        assertThat(lines.get(0)).as("%s", example).startsWith("///usr/bin/env jbang");
        assertThat(lines).as("%s", example).contains("//JAVA 17+");
        assertThat(lines).anyMatch(l -> l.startsWith("//DEPS dev.temper:temper-sft:"));
        assertThat(lines.stream().filter(l -> !l.startsWith("//")).count())
            .as("%s", example)
            .isLessThan(65);
      }
    }
  }
}
