package dev.temper.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.text.NewToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models that learn new tokens: rows, ties, files. */
class AddedTokensTest {
  private static final List<NewToken> TWO =
      List.of(NewToken.special("<|think|>"), NewToken.special("<|done|>"));

  @TempDir Path temp;

  /** A golden model with a word-level tokenizer of {@code words} words beside it. */
  private Path directory(String name, int words) throws IOException {
    Path golden = Golden.model(name);
    Path dir = Files.createDirectories(temp.resolve(name));
    try (Stream<Path> files = Files.list(golden)) {
      for (Path f : files.toList()) {
        Files.copy(f, dir.resolve(f.getFileName()));
      }
    }
    ObjectMapper json = new ObjectMapper();
    ObjectNode root = json.createObjectNode().put("version", "1.0");
    root.putArray("added_tokens");
    root.putObject("pre_tokenizer").put("type", "Whitespace");
    ObjectNode model = root.putObject("model").put("type", "WordLevel").put("unk_token", "w0");
    ObjectNode vocabulary = model.putObject("vocab");
    for (int i = 0; i < words; i++) {
      vocabulary.put("w" + i, i);
    }
    json.writeValue(dir.resolve("tokenizer.json").toFile(), root);
    return dir;
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama2", "llama3"}) // a head of its own, a tied head
  void new_tokens_get_the_mean_row_and_the_rest_stays(String name) throws IOException {
    int before;
    float[] table;
    Path dir;
    try (CausalLm model = CausalLm.load(Golden.model(name))) {
      before = model.spec().vocabulary();
      table = tokens(model).toFloats();
    }
    dir = directory(name, before);
    Path saved = temp.resolve("saved");
    float[] hidden;
    try (CausalLm model = CausalLm.load(dir, TWO)) {
      assertThat(model.spec().vocabulary()).isEqualTo(before + 2);
      assertThat(model.tokenizer().ids("w5 <|think|> w6")).containsExactly(5, before, 6);
      float[] larger = tokens(model).toFloats();
      int width = larger.length / (before + 2);
      assertThat(Arrays.copyOf(larger, table.length)).isEqualTo(table);
      for (int d = 0; d < width; d++) {
        double mean = 0;
        for (int r = 0; r < before; r++) {
          mean += (double) table[r * width + d] / before;
        }
        assertThat((double) larger[before * width + d]).isCloseTo(mean, within(1e-6));
        assertThat(larger[(before + 1) * width + d]).isEqualTo(larger[before * width + d]);
      }
      hidden = logits(model, before);
      model.save(saved);
    }
    try (CausalLm again = CausalLm.load(saved)) {
      assertThat(again.spec().vocabulary()).isEqualTo(before + 2);
      assertThat(again.config().get("vocab_size").intValue()).isEqualTo(before + 2);
      assertThat(again.tokenizer().ids("<|done|>")).containsExactly(before + 1);
      assertThat(logits(again, before)).isEqualTo(hidden);
      assertThat(again.parameters()).hasSameSizeAs(parametersOf(dir));
    }
  }

  @Test
  void spare_rows_of_the_table_are_used_first() throws IOException {
    Path dir = directory("llama2", 100);
    int rows;
    float[] table;
    try (CausalLm model = CausalLm.load(dir)) {
      rows = model.spec().vocabulary();
      table = tokens(model).toFloats();
    }
    assertThat(rows).isGreaterThan(102);
    try (CausalLm model = CausalLm.load(dir, TWO)) {
      assertThat(model.spec().vocabulary()).isEqualTo(rows);
      float[] now = tokens(model).toFloats();
      int width = now.length / rows;
      assertThat(Arrays.copyOfRange(now, 102 * width, now.length))
          .isEqualTo(Arrays.copyOfRange(table, 102 * width, table.length));
      assertThat(Arrays.copyOfRange(now, 100 * width, 101 * width))
          .isEqualTo(Arrays.copyOfRange(now, 101 * width, 102 * width))
          .isNotEqualTo(Arrays.copyOfRange(table, 100 * width, 101 * width));
    }
  }

  @Test
  void a_directory_without_tokenizer_is_refused() {
    assertThatThrownBy(() -> CausalLm.load(Golden.model("llama2"), TWO))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("tokenizer.json");
  }

  private static List<String> parametersOf(Path dir) {
    try (CausalLm model = CausalLm.load(dir)) {
      return model.parameters().stream().map(Parameter::name).toList();
    }
  }

  private static Parameter tokens(CausalLm model) {
    return model.parameters().stream()
        .filter(p -> p.name().endsWith("embed_tokens.weight"))
        .findFirst()
        .orElseThrow();
  }

  private static float[] logits(CausalLm model, int newToken) {
    return Scope.run(
        "logits",
        () ->
            model
                .head()
                .logits(model.hidden(TokenBatch.of(List.of(new int[] {4, newToken, 7}))))
                .toFloats());
  }
}
