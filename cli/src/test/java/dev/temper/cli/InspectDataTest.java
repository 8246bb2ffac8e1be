package dev.temper.cli;

import static dev.temper.cli.Ran.temper;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code temper inspect} on data. */
class InspectDataTest {
  @TempDir Path dir;

  @Test
  void shows_format_columns_lengths_duplicates_empty_cells_and_the_first_row() throws IOException {
    Path file =
        Files.writeString(
            dir.resolve("train.jsonl"),
            """
            {"instruction":"Add.","input":"1 2","output":"3"}
            {"instruction":"Greet.","input":"","output":"Hello"}
            {"instruction":"Add.","input":"1 2","output":"3"}
            {"instruction":"Wait.","output":""}
            """);
    String out = temper("inspect", file).worked().out();
    assertThat(out)
        .contains(
            "format      alpaca: instruction + output (+ input, system, history, tools) ->"
                + " PromptCompletionRow",
            "column      instruction: text\n",
            "column      input: text, 1 without, 1 empty",
            "column      output: text, 1 empty",
            "rows        4",
            "duplicates  1, first " + file + ":3 repeats " + file + ":1",
            "examples    4",
            "characters  shortest 5, 25% 9, median 9, 75% 9, 95% 11, longest 11",
            "<prompt user> Add.",
            "<completion assistant> [[3]]");
    assertThat(out).doesNotContain("tokens  ");
  }

  @Test
  void renders_the_first_row_with_the_tokenizer_and_its_mask() throws IOException {
    Path file =
        Files.writeString(
            dir.resolve("stories.jsonl"),
            "{\"prompt\":\"Once upon\",\"completion\":\" a time\"}\n");
    String out = temper("inspect", file, "--tokenizer", Story.MODEL).worked().out();
    assertThat(out).contains("tokens      shortest ", "Once upon", "[[", "a time", "]]");
  }

  @Test
  void shows_preferences_and_steps() throws IOException {
    Path pairs =
        Files.writeString(
            dir.resolve("pairs.jsonl"),
            "{\"prompt\":\"p\",\"chosen\":\"yes\",\"rejected\":\"no\"}\n");
    assertThat(temper("inspect", pairs).worked().out())
        .contains("PairRow", "<chosen> [[yes]]", "<rejected> no");
    Path steps =
        Files.writeString(
            dir.resolve("steps.jsonl"),
            "{\"prompt\":\"p\",\"completions\":[\"a\",\"b\"],\"labels\":[true,false]}\n");
    assertThat(temper("inspect", steps).worked().out())
        .contains("<step 1.0> [[a]]", "<step 0.0> b");
  }

  @Test
  void data_of_no_known_format_still_shows_its_columns_and_a_named_format_is_held_to()
      throws IOException {
    Path file = Files.writeString(dir.resolve("odd.jsonl"), "{\"foo\":1}\n{\"foo\":\"x\"}\n");
    assertThat(temper("inspect", file).worked().out())
        .contains("format      not recognised", "column      foo: number or text", "rows        2");
    temper("inspect", file, "--format", "alpaca")
        .failed("odd.jsonl:1: format alpaca needs the columns [instruction, output]");
    temper("inspect", file, "--format", "nosuch").failed("no data format \"nosuch\"");
  }

  @Test
  void a_row_of_another_format_is_one_error() throws IOException {
    Path file =
        Files.writeString(
            dir.resolve("mixed.jsonl"),
            "{\"text\":\"a\"}\n{\"prompt\":\"a\",\"completion\":\"b\"}\n");
    temper("inspect", file).failed("mixed.jsonl:2: the file began as format text");
  }
}
