package dev.temper.cli;

import static dev.temper.cli.Ran.temper;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.checkpoint.SafetensorsFile;
import dev.temper.checkpoint.StoredType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every common flag of {@code temper sft} does what it says, also from YAML. */
class SftCommandTest {
  private static final List<String> SENTENCES =
      List.of(
          "Once upon a time", "The dog ran home.", "She had a red ball and a blue hat.", "Why?");

  @TempDir Path dir;

  private Path rows(String name, int count) throws IOException {
    return Files.write(
        dir.resolve(name),
        IntStream.range(0, count)
            .mapToObj(i -> "{\"text\": \"" + SENTENCES.get(i % 4) + " " + i + "\"}")
            .toList());
  }

  private Ran sft(String out, Object... more) throws IOException {
    return temper(
        "sft",
        "--model",
        Story.MODEL,
        "--data",
        rows("train.jsonl", 8),
        "--out",
        dir.resolve(out),
        "--batch-size",
        2,
        List.of(more));
  }

  /** The rows of metrics.jsonl that are of training, or of evaluation. */
  private List<JsonNode> metrics(String out, boolean evaluation) throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    for (String line : Files.readAllLines(dir.resolve(out).resolve("metrics.jsonl"))) {
      JsonNode row = Story.JSON.readTree(line);
      if (row.has("eval_loss") == evaluation) {
        rows.add(row);
      }
    }
    return rows;
  }

  private List<Double> column(String out, String name) throws IOException {
    return metrics(out, false).stream().map(r -> r.get(name).doubleValue()).toList();
  }

  private JsonNode run(String out) throws IOException {
    return Story.JSON.readTree(dir.resolve(out).resolve("run.json").toFile());
  }

  @Test
  void full_fine_tuning_writes_a_model_a_report_and_the_numbers() throws IOException {
    sft("run", "--steps", 2).worked();

    Path run = dir.resolve("run");
    assertThat(run.resolve("model/config.json")).exists();
    assertThat(run.resolve("model/tokenizer.json")).exists();
    assertThat(run.resolve("report.html")).content().contains("<html");
    assertThat(run.resolve("metrics.csv")).exists();
    assertThat(run.resolve("adapter")).doesNotExist();
    assertThat(run("run").get("status").asText()).isEqualTo("finished");
    assertThat(run("run").get("versions").get("pytorch").asText()).isEqualTo("2.7.1");
    assertThat(metrics("run", false)).hasSize(2);
  }

  @Test
  void epochs_and_batch_size_decide_how_many_steps_there_are() throws IOException {
    sft("one", "--epochs", 1).worked();
    sft("more", "--epochs", 1.5).worked();

    assertThat(metrics("one", false)).hasSize(4);
    assertThat(metrics("more", false)).hasSize(6);
  }

  @Test
  void the_schedule_warms_up_and_falls() throws IOException {
    sft("run", "--schedule", "linear", "--warmup", 2, "--learning-rate", 4e-4, "--steps", 4)
        .worked();
    sft("share", "--schedule", "cosine", "--warmup", 0.5, "--learning-rate", 4e-4, "--steps", 4)
        .worked();
    sft("stay", "--schedule", "constant", "--learning-rate", 4e-4, "--steps", 2).worked();
    sft("wsd", "--schedule", "wsd", "--learning-rate", 4e-4, "--steps", 5).worked();

    assertThat(column("run", "learning_rate")).containsExactly(0., 2e-4, 4e-4, 2e-4);
    assertThat(column("share", "learning_rate")).startsWith(0., 2e-4, 4e-4);
    assertThat(column("stay", "learning_rate")).containsExactly(4e-4, 4e-4);
    assertThat(column("wsd", "learning_rate")).startsWith(4e-4, 4e-4, 4e-4, 4e-4);
  }

  @Test
  void the_token_budget_changes_nothing_but_memory() throws IOException {
    sft("whole", "--steps", 2, "--max-grad-norm", 0).worked();
    sft("cut", "--steps", 2, "--max-grad-norm", 0, "--token-budget", 1).worked();

    assertThat(column("cut", "loss").get(0))
        .isCloseTo(column("whole", "loss").get(0), org.assertj.core.api.Assertions.within(1e-5));
  }

  @Test
  void clipping_changes_what_the_second_step_sees() throws IOException {
    // Adam does not see the scale of a gradient that is scaled the same way every time.
    sft("free", "--steps", 3, "--max-grad-norm", 0, "--learning-rate", 1e-2).worked();
    sft("clipped", "--steps", 3, "--max-grad-norm", 1e-9, "--learning-rate", 1e-2).worked();

    assertThat(column("clipped", "grad_norm").get(0)).isEqualTo(column("free", "grad_norm").get(0));
    assertThat(column("clipped", "loss").get(2)).isNotEqualTo(column("free", "loss").get(2));
  }

  @Test
  void held_out_rows_are_evaluated_before_on_the_way_and_after() throws IOException {
    Path held = rows("held.jsonl", 2);
    Ran ran = sft("run", "--eval-data", held, "--eval-every", 2, "--steps", 5).worked();

    assertThat(metrics("run", true).stream().map(r -> r.get("step").asInt()))
        .containsExactly(0, 2, 4, 5);
    assertThat(ran.out()).contains("2 held out", "held-out loss before ", ", after ");
    assertThat(dir.resolve("run/checkpoints/best/trained.safetensors")).exists();
  }

  @Test
  void patience_ends_a_run_that_does_not_improve() throws IOException {
    Path held = rows("held.jsonl", 2);
    // Too small a step to change a float32, so that the loss stays as it is.
    sft(
            "flat",
            List.of("--eval-data", held, "--eval-every", 1, "--patience", 2, "--steps", 50),
            "--learning-rate",
            1e-30)
        .worked();

    assertThat(metrics("flat", false)).hasSize(3);
  }

  @Test
  void a_run_that_stops_early_ends_with_its_best_weights() throws IOException {
    Path held = rows("held.jsonl", 2);
    // So large a step that evaluations soon get worse.
    Object[] common = {"--eval-data", held, "--eval-every", 1, "--patience", 2};
    List<Object> flags = new ArrayList<>(List.of(common));
    flags.addAll(List.of("--learning-rate", 1, "--schedule", "constant", "--steps", 20));
    sft("best", flags, "--keep-checkpoints", 2, "--save-every", 1).worked();
    sft("last", flags, "--no-restore-best").worked();

    List<Double> losses =
        metrics("best", true).stream().skip(1).map(r -> r.get("eval_loss").doubleValue()).toList();
    int steps = losses.size();
    assertThat(steps).isLessThan(20);
    double best = losses.get(steps - 3); // two more without improvement
    assertThat(losses).allMatch(loss -> loss >= best);
    assertThat(run("best").get("metrics").get("eval_loss").doubleValue()).isEqualTo(best);
    assertThat(run("last").get("metrics").get("eval_loss").doubleValue())
        .isEqualTo(losses.get(steps - 1))
        .isGreaterThan(best);
    assertThat(dir.resolve("best/checkpoints/step-" + steps)).exists();
    assertThat(dir.resolve("best/checkpoints/step-" + (steps - 1))).exists();
    assertThat(dir.resolve("best/checkpoints/step-" + (steps - 2))).doesNotExist();
    assertThat(metrics("best", true).get(1).has("eval_mean_token_accuracy")).isTrue();
  }

  @Test
  void rows_are_packed() throws IOException {
    Ran ran = sft("packed", "--packing", "bfd", "--max-length", 64).worked();

    assertThat(column("packed", "loss").size()).isLessThan(4); // 8 rows in steps of 2
    assertThat(ran.out()).contains("held out");
    assertThat(column("packed", "mean_token_accuracy")).allMatch(a -> a >= 0 && a <= 1);
  }

  @Test
  void files_are_mixed_by_their_weights() throws IOException {
    Path few = rows("few.jsonl", 2);
    Path many = rows("many.jsonl", 30);
    temper(
            "sft",
            "--model",
            Story.MODEL,
            "--data",
            few + ":0.5," + many + ":0.5",
            "--out",
            dir.resolve("mixed"),
            "--batch-size",
            2)
        .worked();

    assertThat(column("mixed", "loss").size()).as("the small file ends the epoch").isLessThan(8);
    assertThat(run("mixed").get("config").get("data").asText()).contains("few.jsonl:0.5");
    temper(
            "sft",
            "--model",
            Story.MODEL,
            "--data",
            few + ":0.5," + many,
            "--out",
            dir.resolve("half"))
        .failed("many.jsonl", "has no weight");
  }

  @Test
  void every_optimizer_trains() throws IOException {
    for (String name : List.of("adamw", "sgd", "lion", "adafactor")) {
      sft(name, "--optimizer", name, "--learning-rate", 1e-3, "--steps", 3).worked();
    }
    assertThat(column("lion", "loss")).isNotEqualTo(column("adamw", "loss"));
    assertThat(column("adafactor", "loss")).isNotEqualTo(column("adamw", "loss"));
    sft("momentum", "--optimizer", "sgd", "--momentum", 0.9, "--steps", 1).worked();
    sft("wrong", "--momentum", 0.9, "--steps", 1).failed("--momentum", "sgd");
  }

  @Test
  void a_run_can_be_longer_when_it_goes_on() throws IOException {
    Object[] common = {"--schedule", "constant", "--learning-rate", 1e-3, "--peft", "lora"};
    sft("straight", "--steps", 4, List.of(common)).worked();
    sft("cut", "--steps", 2, "--save-every", 1, List.of(common)).worked();
    sft("cut", "--steps", 4, "--resume", List.of(common)).worked();

    assertThat(column("cut", "loss")).isEqualTo(column("straight", "loss"));
    assertThat(dir.resolve("cut/merged/model.safetensors"))
        .hasSameBinaryContentAs(dir.resolve("straight/merged/model.safetensors"));
    assertThat(run("cut").get("sessions")).hasSize(2);
  }

  @Test
  void another_seed_or_other_data_is_not_the_same_run() throws IOException {
    sft("run", "--steps", 1).worked();

    sft("run", "--steps", 2, "--resume", "--seed", 7).failed("seed 7", "seed 0");
    rows("train.jsonl", 9);
    temper(
            "sft",
            "--model",
            Story.MODEL,
            "--data",
            dir.resolve("train.jsonl"),
            "--out",
            dir.resolve("run"),
            "--batch-size",
            2,
            "--steps",
            2,
            "--resume")
        .failed("is not the data the run began with");
  }

  @Test
  void the_model_is_saved_as_the_type_asked_for() throws IOException {
    sft("run", "--steps", 1, "--dtype", "bf16").worked();

    SafetensorsFile saved = SafetensorsFile.open(dir.resolve("run/model/model.safetensors"));
    assertThat(saved.info("model.norm.weight").type()).isEqualTo(StoredType.BF16);
    assertThat(
            Story.JSON
                .readTree(dir.resolve("run/model/config.json").toFile())
                .get("torch_dtype")
                .asText())
        .isEqualTo("bfloat16");
  }

  @Test
  void no_report_if_none_is_wanted() throws IOException {
    sft("flag", "--steps", 1, "--no-report").worked();
    sft("yaml", "--config", Files.writeString(dir.resolve("r.yaml"), "steps: 1\nreport: false\n"))
        .worked();

    assertThat(dir.resolve("flag/report.html")).doesNotExist();
    assertThat(dir.resolve("yaml/report.html")).doesNotExist();
  }

  @Test
  void the_order_of_the_file_is_kept_if_asked() throws IOException {
    sft("a", "--steps", 4, "--no-shuffle", "--seed", 1).worked();
    sft("b", "--steps", 4, "--no-shuffle", "--seed", 2).worked();
    sft("c", "--steps", 4, "--seed", 2).worked();

    assertThat(column("a", "loss")).isEqualTo(column("b", "loss"));
    assertThat(column("c", "loss")).isNotEqualTo(column("b", "loss"));
  }

  @Test
  void long_rows_are_cut_and_said_so() throws IOException {
    Ran ran = sft("run", "--steps", 1, "--max-length", 6).worked();

    assertThat(ran.out()).contains("warning: ", "rows cut to --max-length");
  }

  @Test
  void rows_without_a_trained_token_are_counted() throws IOException {
    Path data =
        Files.write(
            dir.resolve("some.jsonl"),
            List.of(
                "{\"input_ids\": [1, 2, 3]}",
                "{\"input_ids\": [1, 2, 3], \"labels\": [-100, -100, -100]}"));
    Ran ran =
        temper(
                "sft",
                "--model",
                Story.MODEL,
                "--data",
                data,
                "--out",
                dir.resolve("run"),
                "--steps",
                1)
            .worked();

    assertThat(ran.out()).contains("1 examples", "warning: 1 rows left out");
  }

  @Test
  void yaml_sets_what_flags_set_and_flags_win() throws IOException {
    Path yaml =
        Files.writeString(
            dir.resolve("run.yaml"),
            """
            peft: lora
            lora:
              rank: 3
              alpha: 12
              dropout: 0.1
              rslora: true
            targets: [q_proj, v_proj]
            eval-data: %s
            steps: 3
            schedule: constant
            learning-rate: 1e-3
            weight-decay: 0.01
            neftune-noise-alpha: 5
            loss: dft
            sample-prompt: "Once"
            overwrite: true
            """
                .formatted(rows("held.jsonl", 2)));

    Ran ran = sft("run", "--config", yaml, "--steps", 2).worked();
    // A flag that the file sets as well stays on.
    sft("run", "--config", yaml, "--steps", 2, "--overwrite").worked();

    JsonNode adapter = Story.JSON.readTree(dir.resolve("run/adapter/adapter_config.json").toFile());
    assertThat(adapter.get("r").asInt()).isEqualTo(3);
    assertThat(adapter.get("lora_alpha").asDouble()).isEqualTo(12);
    assertThat(adapter.get("lora_dropout").asDouble()).isEqualTo(0.1);
    assertThat(adapter.get("use_rslora").asBoolean()).isTrue();
    assertThat(adapter.get("target_modules").toString()).contains("q_proj", "v_proj");
    assertThat(metrics("run", false)).hasSize(2);
    assertThat(ran.out()).contains("before | Once", "after  | Once", "LoRA adapter");
    assertThat(run("run").get("config").get("lora-rank").asText()).isEqualTo("3");
    assertThat(run("run").get("config").has("config")).isFalse();
  }

  @Test
  void the_quickstart_names_only_settings_there_are() throws IOException {
    temper("sft", "--config", Story.root().resolve("examples/quickstart.yaml"), "--steps", -1)
        .failed("--steps -1");
  }
}
