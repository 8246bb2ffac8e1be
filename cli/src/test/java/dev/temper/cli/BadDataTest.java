package dev.temper.cli;

import static dev.temper.cli.Ran.temper;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Data that cannot be used: one clear error, and the run that is there already stays. */
class BadDataTest {
  @TempDir Path dir;
  private Path run = Path.of("");
  private Map<String, String> before = Map.of();

  @BeforeEach
  void anEarlierRun() throws IOException {
    run = Files.createDirectories(dir.resolve("run"));
    Files.writeString(run.resolve("run.json"), "{\"title\": \"an earlier run\"}");
    Files.createDirectories(run.resolve("model"));
    Files.writeString(run.resolve("model/model.safetensors"), "its weights");
    before = Story.contents(run);
  }

  @AfterEach
  void the_earlier_run_is_intact() throws IOException {
    assertThat(Story.contents(run)).isEqualTo(before);
  }

  private Path file(String name, List<String> lines) throws IOException {
    return Files.write(dir.resolve(name), lines);
  }

  private static List<String> good(int rows) {
    return new ArrayList<>(Collections.nCopies(rows, "{\"text\": \"Once upon a time\"}"));
  }

  /** Trains over the earlier run. */
  private Ran sft(Path data, Object... more) {
    return temper(
        "sft", "--model", Story.MODEL, "--data", data, "--out", run, "--overwrite", List.of(more));
  }

  @Test
  void a_bad_line_17() throws IOException {
    List<String> lines = good(20);
    lines.set(16, "{\"text\": \"Once upon a time\"");
    Path data = file("train.jsonl", lines);

    sft(data).failed("train.jsonl:17", "JSON");
  }

  @Test
  void a_row_17_without_the_columns() throws IOException {
    List<String> lines = good(20);
    lines.set(16, "{\"txt\": \"Once upon a time\"}");

    sft(file("train.jsonl", lines)).failed("train.jsonl:17", "txt");
  }

  @Test
  void a_token_outside_the_vocabulary() throws IOException {
    List<String> lines = new ArrayList<>(Collections.nCopies(20, "{\"input_ids\": [1, 2, 3]}"));
    lines.set(16, "{\"input_ids\": [1, 512, 3]}");

    sft(file("train.jsonl", lines)).failed("train.jsonl:17", "512");
  }

  @Test
  void a_token_to_score_outside_the_vocabulary() throws IOException {
    Path data = file("rows.jsonl", List.of("{\"input_ids\": [1, 512, 3]}"));

    temper("score", "--model", Story.MODEL, "--data", data, "--out", dir.resolve("scored.jsonl"))
        .failed("rows.jsonl:1", "512");
  }

  @Test
  void rows_of_which_nothing_is_trained() throws IOException {
    Path data =
        file("masked.jsonl", List.of("{\"input_ids\": [1, 2, 3], \"labels\": [-100, -100, -100]}"));

    sft(data).failed("masked.jsonl", "none of its 1 rows has a trained token");
  }

  @Test
  void chats_in_which_the_assistant_says_nothing() throws IOException {
    Path model = Story.copy(dir.resolve("chatty"));
    Story.edit(
        model.resolve("tokenizer_config.json"),
        c ->
            c.put(
                "chat_template",
                "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"));
    Path data =
        file("chats.jsonl", List.of("{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}"));

    temper("sft", "--model", model, "--data", data, "--out", run, "--overwrite")
        .failed("chats.jsonl", "trained");
  }

  @Test
  void chats_for_a_model_without_a_chat_template() throws IOException {
    Path data =
        file(
            "chats.jsonl",
            List.of(
                "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}, {\"role\": \"assistant\", \"content\": \"Ho\"}]}"));

    sft(data).failed("chats.jsonl:1", "chat template");
  }

  @Test
  void a_file_that_is_not_there() {
    sft(dir.resolve("missing.jsonl")).failed("missing.jsonl", "no such file");
  }

  @Test
  void a_file_without_rows() throws IOException {
    sft(file("empty.jsonl", List.of())).failed("empty.jsonl", "has no rows");
  }

  @Test
  void held_out_rows_without_rows() throws IOException {
    Path empty = file("empty.jsonl", List.of());

    sft(file("train.jsonl", good(2)), "--eval-data", empty).failed("empty.jsonl", "has no rows");
  }

  @Test
  void a_prompt_longer_than_the_context() {
    temper("generate", "--model", Story.MODEL, "--prompt", "Once upon a time. ".repeat(200))
        .failed("context of 512");
  }

  @Test
  void a_row_with_a_prompt_longer_than_the_context() throws IOException {
    Path data =
        file(
            "prompts.jsonl",
            List.of(
                "{\"prompt\": \"Once\"}",
                "{\"prompt\": \"" + "Once upon a time. ".repeat(200) + "\"}"));
    Path out = Files.writeString(dir.resolve("made.jsonl"), "made before\n");

    temper("generate", "--model", Story.MODEL, "--data", data, "--out", out)
        .failed("prompts.jsonl:2", "context of 512");
    assertThat(out).hasContent("made before\n");
  }

  @Test
  void a_row_to_score_longer_than_the_context() throws IOException {
    Path data =
        file(
            "rows.jsonl",
            List.of(
                "{\"text\": \"Once\"}",
                "{\"text\": \"" + "Once upon a time. ".repeat(200) + "\"}"));
    Path out = Files.writeString(dir.resolve("scored.jsonl"), "scored before\n");

    temper("score", "--model", Story.MODEL, "--data", data, "--out", out)
        .failed("rows.jsonl:2", "context of 512");
    assertThat(out).hasContent("scored before\n");
  }
}
