package dev.temper.cli;

import static dev.temper.cli.Ran.temper;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Flags and YAML that cannot be used. */
class BadSettingsTest {
  @TempDir Path dir;

  private Path yaml(String... lines) throws IOException {
    return Files.write(dir.resolve("run.yaml"), List.of(lines));
  }

  private Path data() throws IOException {
    return Files.writeString(dir.resolve("train.jsonl"), "{\"text\": \"Once upon a time\"}\n");
  }

  private Ran sft(Object... more) throws IOException {
    return temper(
        "sft",
        "--model",
        Story.MODEL,
        "--data",
        data(),
        "--out",
        dir.resolve("run"),
        List.of(more));
  }

  @Test
  void a_misspelt_key_is_answered_with_the_nearest() throws IOException {
    sft("--config", yaml("learning-rte: 1e-3"))
        .misused("run.yaml", "unknown key 'learning-rte'", "did you mean 'learning-rate'?");
  }

  @Test
  void a_misspelt_key_in_an_object() throws IOException {
    sft("--config", yaml("lora:", "  rnk: 4")).misused("'lora-rnk'", "did you mean 'lora-rank'?");
  }

  @Test
  void a_value_of_the_wrong_type_names_the_file() throws IOException {
    sft("--config", yaml("batch-size: many"))
        .misused("run.yaml", "--batch-size", "'many' is not an int");
  }

  @Test
  void a_choice_nobody_offers_lists_those_there_are() throws IOException {
    sft("--config", yaml("schedule: cosinus"))
        .misused("run.yaml", "--schedule", "COSINE", "cosinus");
  }

  @Test
  void a_list_of_objects() throws IOException {
    sft("--config", yaml("targets:", "  - {name: q_proj}")).misused("run.yaml", "'targets'");
  }

  @Test
  void a_key_given_twice() throws IOException {
    sft("--config", yaml("steps: 1", "steps: 2")).misused("run.yaml:2", "steps");
    sft("--config", yaml("lora-rank: 1", "lora:", "  rank: 2"))
        .misused("'lora-rank' is given twice");
  }

  @Test
  void what_is_not_yaml() throws IOException {
    sft("--config", yaml("steps: [1,")).misused("run.yaml", "not valid YAML");
    sft("--config", yaml("just a sentence")).misused("run.yaml", "must hold keys and values");
  }

  @Test
  void a_config_file_that_is_not_there() throws IOException {
    sft("--config", dir.resolve("none.yaml")).misused("none.yaml", "no such file");
  }

  @Test
  void an_unknown_flag_is_answered_with_the_nearest() throws IOException {
    sft("--learningrate", "1e-3").misused("--learningrate", "did you mean '--learning-rate'?");
  }

  @Test
  void an_unknown_command_is_answered_with_the_nearest() {
    temper("scor").misused("scor", "did you mean 'score'?");
  }

  @Test
  void no_command() {
    temper().misused("Missing required subcommand");
  }

  @Test
  void a_flag_that_is_needed() {
    temper("score", "--model", Story.MODEL).misused("--data");
  }

  @ParameterizedTest
  @CsvSource({
    "--batch-size, 0",
    "--token-budget, 0",
    "--steps, -1",
    "--epochs, 0",
    "--max-grad-norm, -1",
    "--warmup, 1.5",
  })
  void values_out_of_range_name_the_flag(String flag, String value) throws IOException {
    sft(flag, value).failed(flag + " " + value);
    assertThat(dir.resolve("run")).doesNotExist();
  }

  @Test
  void values_that_a_part_refuses() throws IOException {
    sft("--learning-rate", "-1").failed("earning");
    sft("--peft", "lora", "--lora-rank", "0").failed("rank", "0");
    sft("--peft", "lora", "--lora-dropout", "1").failed("dropout", "1");
    sft("--peft", "lora", "--targets", "q_prj").failed("q_prj", "q_proj");
    assertThat(dir.resolve("run")).doesNotExist();
  }

  @Test
  void a_directory_that_holds_a_run() throws IOException {
    Path run = Files.createDirectories(dir.resolve("run"));
    assertThat(sft("--steps", "1").worked().status()).isZero();
    var before = Story.contents(run);

    sft("--steps", "1").failed(run, "already holds a run");

    assertThat(Story.contents(run)).isEqualTo(before);
  }

  @Test
  void a_directory_that_is_a_file() throws IOException {
    Path file = Files.writeString(dir.resolve("run"), "precious");

    sft("--overwrite").failed(file, "is a file");

    assertThat(file).hasContent("precious");
  }

  @Test
  void a_directory_below_a_file() throws IOException {
    Path file = Files.writeString(dir.resolve("file"), "precious");

    temper(
            "sft",
            "--model",
            Story.MODEL,
            "--data",
            data(),
            "--out",
            file.resolve("run"),
            "--steps",
            1)
        .failed(file);
    temper("score", "--model", Story.MODEL, "--data", data(), "--out", file.resolve("scored.jsonl"))
        .failed(file);

    assertThat(file).hasContent("precious");
  }

  @Test
  void a_run_to_go_on_with_that_never_was() throws IOException {
    sft("--resume").failed("no checkpoint to go on from");
  }

  @Test
  void nothing_or_too_much_to_generate_from() {
    temper("generate", "--model", Story.MODEL).failed("--prompt", "--chat", "--data");
    temper("generate", "--model", Story.MODEL, "--prompt", "a", "--chat", "b")
        .failed("exactly one");
    temper("generate", "--model", Story.MODEL, "--data", "a.jsonl").failed("--out");
  }

  @Test
  void debug_shows_where_it_happened() {
    Ran ran = temper("inspect", "--debug", dir.resolve("nowhere"));

    assertThat(ran.status()).isEqualTo(1);
    assertThat(ran.err()).contains("nowhere", "\tat dev.temper");
  }
}
