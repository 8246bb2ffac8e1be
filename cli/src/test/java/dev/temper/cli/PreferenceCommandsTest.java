package dev.temper.cli;

import static dev.temper.cli.Ran.temper;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code temper dpo} and {@code temper kto}: every loss by name, every reference, and YAML. */
class PreferenceCommandsTest {
  @TempDir Path dir;

  private Path pairs(int count) throws IOException {
    return Files.write(
        dir.resolve("pairs.jsonl"),
        IntStream.range(0, count)
            .mapToObj(
                i ->
                    "{\"prompt\": \"The dog %d\", \"chosen\": \" ran home.\", \"rejected\": \" ate it, %d.\"}"
                        .formatted(i, i))
            .toList());
  }

  private Path judged(int count) throws IOException {
    return Files.write(
        dir.resolve("judged.jsonl"),
        IntStream.range(0, count)
            .mapToObj(
                i ->
                    "{\"prompt\": \"The dog %d\", \"completion\": \" ran home.\", \"label\": %b, \"score\": %d}"
                        .formatted(i, i % 2 == 0, i % 2))
            .toList());
  }

  private Ran command(String name, Path data, String out, Object... more) {
    return temper(
        name,
        "--model",
        Story.MODEL,
        "--data",
        data,
        "--out",
        dir.resolve(out),
        "--batch-size",
        4,
        "--no-report",
        List.of(more));
  }

  private Ran dpo(String out, Object... more) throws IOException {
    return command("dpo", pairs(8), out, more);
  }

  private List<JsonNode> rows(String out) throws IOException {
    List<JsonNode> all = new ArrayList<>();
    for (String line : Files.readAllLines(dir.resolve(out).resolve("metrics.jsonl"))) {
      all.add(Story.JSON.readTree(line));
    }
    return all;
  }

  @Test
  void a_run_starts_at_ln_2_and_writes_trl_s_metrics_and_a_model() throws IOException {
    dpo("run", "--steps", 2, "--learning-rate", 1e-3).worked();

    JsonNode first = rows("run").get(0);
    assertThat(first.get("loss").doubleValue()).isCloseTo(Math.log(2), within(1e-5));
    for (String metric :
        List.of(
            "rewards/chosen",
            "rewards/rejected",
            "rewards/accuracies",
            "rewards/margins",
            "logps/chosen",
            "logps/rejected",
            "logits/chosen",
            "logits/rejected",
            "entropy",
            "mean_token_accuracy")) {
      assertThat(first.has(metric)).as(metric).isTrue();
    }
    assertThat(dir.resolve("run/model/model.safetensors")).exists();
  }

  @ParameterizedTest
  @EnumSource(PreferenceLossOptions.LossName.class)
  void every_loss_over_pairs_runs(PreferenceLossOptions.LossName loss) throws IOException {
    dpo(
            "run",
            "--steps",
            1,
            "--loss",
            loss.name().toLowerCase(java.util.Locale.ROOT),
            "--peft",
            "lora")
        .worked();
    assertThat(rows("run").get(0).get("loss").isNumber()).isTrue();
    assertThat(dir.resolve("run/adapter/adapter_config.json")).exists();
  }

  @ParameterizedTest
  @EnumSource(KtoCommand.LossName.class)
  void every_loss_over_single_completions_runs(KtoCommand.LossName loss) throws IOException {
    command("kto", judged(8), "run", "--steps", 1, "--loss", loss.name()).worked();
    assertThat(rows("run").get(0).get("loss").isNumber()).isTrue();
  }

  @Test
  void references_agree_where_they_are_the_same_policy() throws IOException {
    dpo("default", "--steps", 2, "--learning-rate", 1e-3).worked();
    dpo("precomputed", "--steps", 2, "--learning-rate", 1e-3, "--reference", "precomputed")
        .worked();
    dpo("copy", "--steps", 2, "--learning-rate", 1e-3, "--reference", Story.MODEL).worked();

    double loss = rows("default").get(1).get("loss").doubleValue();
    assertThat(rows("precomputed").get(1).get("loss").doubleValue()).isEqualTo(loss);
    assertThat(rows("copy").get(1).get("loss").doubleValue()).isCloseTo(loss, within(1e-5));
  }

  @Test
  void sums_of_losses_and_their_settings_come_from_yaml() throws IOException {
    Path config =
        Files.writeString(
            dir.resolve("run.yaml"),
            "loss: sigmoid,sft\nloss-weights: 1,0.5\nbeta: 0.2\nld-alpha: 0.5\nsteps: 1\n");
    dpo("run", "--config", config).worked();
    assertThat(rows("run").get(0).get("loss").doubleValue()).isGreaterThan(Math.log(2) + 0.5);
  }

  @Test
  void held_out_pairs_are_compared_before_and_after() throws IOException {
    Ran ran = dpo("run", "--steps", 1, "--eval-data", pairs(8), "--peft", "lora").worked();
    assertThat(ran.out()).contains("held-out loss before: 0.6931");
  }

  @Test
  void settings_that_do_not_fit_are_refused_with_the_reason() throws IOException {
    dpo("run", "--reference", "adapter-off").failed("--peft");
    dpo("run", "--reference", "none").failed("simpo");
    dpo("run", "--loss", "sigmoid,sft", "--loss-weights", "1").failed("--loss-weights");
    dpo("run", "--loss", "sigmoit").misused("sigmoit");
    dpo("run", "--beta", "-1").failed("beta must be positive");
    command("kto", judged(8), "run", "--reference", "precomputed", "--steps", 1)
        .failed("--reference precomputed", "model directory");
    Path good =
        Files.writeString(
            dir.resolve("good.jsonl"),
            "{\"prompt\": \"a\", \"completion\": \" b\", \"label\": true}\n");
    command("kto", good, "run").failed("good.jsonl:1", "have label true");
    Path same =
        Files.writeString(
            dir.resolve("same.jsonl"),
            "{\"prompt\": \"a\", \"chosen\": \" b\", \"rejected\": \" b\"}\n");
    command("dpo", same, "run").failed("same.jsonl:1", "the same in all 1 pairs");
  }
}
