package dev.temper.alignment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.temper.data.BinaryRow;
import dev.temper.data.DataException;
import dev.temper.data.PairRow;
import dev.temper.data.RowView;
import dev.temper.data.TypedRows;
import dev.temper.text.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows of TRL's formats against what TRL makes of them with SmolLM2's tokenizer and template. */
class PreferenceEncoderTest {
  private static final int END = 2; // <|im_end|>, SmolLM2's end of text
  @TempDir Path dir;

  private static InputStream resource(String name) {
    return Objects.requireNonNull(PreferenceEncoderTest.class.getResourceAsStream(name), name);
  }

  private Tokenizer tokenizer() throws IOException {
    try (InputStream in = new GZIPInputStream(resource("/golden/text/smollm2-tokenizer.json.gz"));
        InputStream config = resource("/golden/text/smollm2-tokenizer_config.json")) {
      Files.copy(in, dir.resolve("tokenizer.json"));
      Files.copy(config, dir.resolve("tokenizer_config.json"));
    }
    return Tokenizer.load(dir);
  }

  private Path rows(String name) throws IOException {
    Path file = dir.resolve(name + ".jsonl");
    try (InputStream in = resource("/golden/data/formats/" + name + ".jsonl")) {
      Files.copy(in, file);
    }
    return file;
  }

  private static JsonNode expected(String name) throws IOException {
    try (InputStream in = new GZIPInputStream(resource("/golden/data/data_formats.json.gz"))) {
      for (JsonNode c : new ObjectMapper().readTree(in).get("cases")) {
        if (c.get("name").asText().equals(name)) {
          return c.get("expected").get("token_ids");
        }
      }
    }
    throw new IllegalArgumentException(name);
  }

  private static int[] ids(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).intValue()).toArray();
  }

  private static int[] ended(int[] ids) {
    return IntStream.concat(IntStream.of(ids), IntStream.of(END)).toArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"explicit", "implicit"})
  void pairs_of_messages_are_what_trl_makes_of_them(String kind) throws IOException {
    JsonNode golden = expected("preference_" + kind + "/conversational");
    List<PairRow> rows =
        TypedRows.load(rows("preference_" + kind + "_conversational"), RowView.PAIRS).stream()
            .toList();
    try (Tokenizer tokenizer = tokenizer()) {
      PreferenceEncoder encoder = new PreferenceEncoder(() -> tokenizer, 49152);
      for (int i = 0; i < rows.size(); i++) {
        PairExample pair = encoder.encode(rows.get(i));
        assertThat(pair.prompt()).containsExactly(ids(golden.get(i).get("prompt")));
        assertThat(pair.chosen()).containsExactly(ids(golden.get(i).get("chosen")));
        assertThat(pair.rejected()).containsExactly(ids(golden.get(i).get("rejected")));
      }
    }
  }

  @Test
  void pairs_of_texts_end_with_the_end_of_text() throws IOException {
    JsonNode golden = expected("preference_explicit/standard");
    List<PairRow> rows =
        TypedRows.load(rows("preference_explicit_standard"), RowView.PAIRS).stream().toList();
    try (Tokenizer tokenizer = tokenizer()) {
      PreferenceEncoder encoder = new PreferenceEncoder(() -> tokenizer, 49152);
      for (int i = 0; i < rows.size(); i++) {
        PairExample pair = encoder.encode(rows.get(i));
        assertThat(pair.prompt()).containsExactly(ids(golden.get(i).get("prompt")));
        assertThat(pair.chosen()).containsExactly(ended(ids(golden.get(i).get("chosen"))));
        assertThat(pair.rejected()).containsExactly(ended(ids(golden.get(i).get("rejected"))));
      }
    }
  }

  @Test
  void texts_without_a_prompt_share_their_beginning() throws IOException {
    JsonNode golden = expected("preference_implicit/standard");
    List<PairRow> rows =
        TypedRows.load(rows("preference_implicit_standard"), RowView.PAIRS).stream().toList();
    try (Tokenizer tokenizer = tokenizer()) {
      PreferenceEncoder encoder = new PreferenceEncoder(() -> tokenizer, 49152);
      for (int i = 0; i < rows.size(); i++) {
        PairExample pair = encoder.encode(rows.get(i));
        int[] whole =
            IntStream.concat(IntStream.of(pair.prompt()), IntStream.of(pair.chosen())).toArray();
        assertThat(whole).containsExactly(ended(ids(golden.get(i).get("chosen"))));
        assertThat(pair.chosen()[0]).isNotEqualTo(pair.rejected()[0]);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"conversational", "standard"})
  void labelled_completions_are_what_trl_makes_of_them(String kind) throws IOException {
    JsonNode golden = expected("unpaired_preference/" + kind);
    List<BinaryRow> rows =
        TypedRows.load(rows("unpaired_preference_" + kind), RowView.BINARY).stream().toList();
    try (Tokenizer tokenizer = tokenizer()) {
      PreferenceEncoder encoder = new PreferenceEncoder(() -> tokenizer, 49152);
      for (int i = 0; i < rows.size(); i++) {
        LabelledExample example = encoder.encode(rows.get(i));
        int[] completion = ids(golden.get(i).get("completion"));
        assertThat(example.prompt()).containsExactly(ids(golden.get(i).get("prompt")));
        assertThat(example.completion())
            .containsExactly(kind.equals("standard") ? ended(completion) : completion);
        assertThat(example.desirable()).isEqualTo(rows.get(i).label());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"prompt\": \"\", \"chosen\": \"a\", \"rejected\": \"b\"}",
        "{\"prompt\": \"Hi\", \"chosen\": \"a\", \"rejected\": \"b\", \"weight\": 2}"
      })
  void rows_that_cannot_be_used_are_named(String row) throws IOException {
    Path file = Files.writeString(dir.resolve("bad.jsonl"), row + "\n");
    PairRow parsed = TypedRows.load(file, RowView.PAIRS).get(0);
    try (Tokenizer tokenizer = tokenizer()) {
      PreferenceEncoder encoder = new PreferenceEncoder(() -> tokenizer, 49152);
      assertThatThrownBy(() -> encoder.encode(parsed))
          .isInstanceOf(DataException.class)
          .hasMessageContaining("bad.jsonl:1: ");
    }
  }

  @Test
  void a_token_the_model_does_not_have_is_named() throws IOException {
    PairRow row = TypedRows.load(rows("preference_explicit_standard"), RowView.PAIRS).get(0);
    try (Tokenizer tokenizer = tokenizer()) {
      assertThatThrownBy(() -> new PreferenceEncoder(() -> tokenizer, 100).encode(row))
          .isInstanceOf(DataException.class)
          .hasMessageContaining("outside the model's vocabulary of 100");
    }
  }

  @Test
  void a_completion_is_cut_and_a_pair_whose_prompt_is_too_long_left_out() {
    PairExample pair =
        PairExample.of(
            new int[] {1, 2, 3},
            new int[] {4, 5, 6},
            new int[] {7},
            dev.temper.data.Origin.memory("test"));
    assertThat(pair.cut(6)).containsSame(pair);
    assertThat(pair.cut(5).orElseThrow().chosen()).containsExactly(4, 5);
    assertThat(pair.cut(5).orElseThrow().rejected()).containsExactly(7);
    assertThat(pair.cut(3)).isEmpty();
  }
}
