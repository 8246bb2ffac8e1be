package dev.temper.generate.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.temper.generate.BeamOptions;
import dev.temper.generate.BeamSearch;
import dev.temper.generate.Completion;
import dev.temper.generate.FinishReason;
import dev.temper.generate.GenerationOptions;
import dev.temper.generate.LocalGenerator;
import dev.temper.generate.Sampling;
import dev.temper.generate.StopConditions;
import dev.temper.model.CausalLm;
import dev.temper.text.AddSpecialTokens;
import dev.temper.text.TokenBytes;
import dev.temper.text.Tokenizer;
import dev.temper.text.TokenizerException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RegexConstraintTest {
  /** The really trained small model that the examples use. */
  private static final Path STORIES = Path.of("..", "examples", "models", "stories260K");

  private static final int EOS = 2;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(yes|no|maybe)",
        "\\d{4}-\\d{2}-\\d{2}",
        " ?Once [a-z ]{3,20}\\.",
        "[α-ω]{2,4}😀?",
        "(\\w{1,4}@\\w{1,4}\\.(com|org)\\n){2}"
      })
  void whatever_is_sampled_matches_the_expression(String expression) {
    try (CausalLm model = CausalLm.load(STORIES)) {
      List<Completion> made = generate(model, Regex.parse(expression), 1.5, 12, 60);
      int matching = 0;
      for (Completion c : made) {
        if (c.finishReason() == FinishReason.STOP_TOKEN) {
          assertThat(c.text()).matches("(?s:" + expression + ")");
          matching++;
        } else {
          assertThat(c.finishReason()).isEqualTo(FinishReason.LENGTH);
        }
      }
      assertThat(matching).isGreaterThan(6);
    }
  }

  @Test
  void whatever_is_sampled_is_json_that_fits_the_schema() throws IOException {
    String schema =
        """
        {"type": "object", "additionalProperties": false,
         "properties": {
           "name": {"type": "string", "minLength": 1, "maxLength": 8},
           "age": {"type": "integer"},
           "tags": {"type": "array", "items": {"enum": ["red", "green", "blue"]}, "maxItems": 3},
           "size": {"type": ["number", "null"]},
           "at": {"type": "object", "properties": {"x": {"type": "boolean"}}, "required": ["x"]},
           "code": {"type": "string", "pattern": "^[A-C]{2}-[0-9]{1,2}$"}},
         "required": ["name", "age", "tags", "at", "code"]}
        """;
    ObjectMapper json =
        new ObjectMapper()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY);
    try (CausalLm model = CausalLm.load(STORIES)) {
      List<Completion> made = generate(model, JsonSchema.regex(schema), 2.0, 16, 220);
      for (Completion c : made) {
        assertThat(c.finishReason()).as(c.text()).isEqualTo(FinishReason.STOP_TOKEN);
        JsonNode value = json.readTree(c.text());
        int characters = value.get("name").textValue().codePoints().toArray().length;
        assertThat(characters).isBetween(1, 8);
        assertThat(value.get("age").isIntegralNumber()).isTrue();
        assertThat(value.get("tags").size()).isBetween(0, 3);
        value.get("tags").forEach(t -> assertThat(t.textValue()).isIn("red", "green", "blue"));
        assertThat(value.at("/at/x").isBoolean()).isTrue();
        assertThat(value.get("code").textValue()).matches("[A-C]{2}-[0-9]{1,2}");
        if (value.has("size")) {
          assertThat(value.get("size").isNumber() || value.get("size").isNull()).isTrue();
        }
        assertThat(value.properties())
            .extracting(java.util.Map.Entry::getKey)
            .isSubsetOf("name", "age", "tags", "size", "at", "code");
      }
      assertThat(made.stream().map(Completion::text).distinct().count()).isGreaterThan(10);
    }
  }

  @Test
  void greedy_decoding_and_beam_search_match_too() {
    try (CausalLm model = CausalLm.load(STORIES)) {
      RegexConstraint constraint =
          RegexConstraint.of("[A-Z][a-z]{2,5} \\d\\.", model.tokenizer(), List.of(EOS));
      GenerationOptions options =
          GenerationOptions.maxNewTokens(30)
              .stop(StopConditions.tokens(EOS))
              .constraint(constraint.processor());
      int[] prompt = model.tokenizer().ids("One day", AddSpecialTokens.YES);
      Completion greedy = new LocalGenerator(model).generate(List.of(prompt), options).get(0);
      assertThat(greedy.text()).matches("[A-Z][a-z]{2,5} \\d\\.");
      assertThat(
              new BeamSearch(model)
                  .generate(List.of(prompt), options, BeamOptions.beams(4).returned(4)))
          .hasSize(4)
          .allSatisfy(c -> assertThat(c.completion().text()).matches("[A-Z][a-z]{2,5} \\d\\."));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"smollm2", "stories260K", "phi3", "tinyllama-v0", "torchtune-tiny-bpe"})
  void token_bytes_put_together_are_the_decoded_text(String name) throws IOException {
    try (Tokenizer tokenizer = Tokenizer.fromJson(resource(name))) {
      TokenBytes bytes = TokenBytes.of(tokenizer);
      List<Integer> known = new ArrayList<>();
      for (int id = 0; id < bytes.size(); id++) {
        if (bytes.tokens().get(id) != null) {
          known.add(id);
        }
      }
      Random random = new Random(3);
      for (int i = 0; i < 300; i++) {
        int[] ids = random.ints(1 + random.nextInt(8), 0, known.size()).map(known::get).toArray();
        if (i % 2 == 0) { // a real text
          ids = tokenizer.ids(" Schöne 😀 Wörter\n\tx=" + i);
        }
        java.io.ByteArrayOutputStream all = new java.io.ByteArrayOutputStream();
        for (int id : ids) {
          all.writeBytes(Objects.requireNonNull(bytes.tokens().get(id)));
        }
        String text = all.toString(StandardCharsets.UTF_8);
        if (bytes.dropsFirstSpace() && text.startsWith(" ")) {
          text = text.substring(1);
        }
        String decoded = tokenizer.decode(ids, true);
        if (!text.contains("\uFFFD") && !decoded.contains("\uFFFD")) {
          assertThat(decoded).isEqualTo(text);
        }
      }
    }
  }

  @Test
  void a_wordpiece_tokenizer_and_missing_stop_tokens_are_refused() throws IOException {
    try (Tokenizer tokenizer = Tokenizer.fromJson(resource("minilm"))) {
      assertThatThrownBy(() -> RegexConstraint.of("a", tokenizer, List.of(1)))
          .isInstanceOf(TokenizerException.class)
          .hasMessageContaining("WordPiece");
    }
    try (Tokenizer tokenizer = Tokenizer.fromJson(resource("stories260K"))) {
      assertThatThrownBy(() -> RegexConstraint.of("a", tokenizer, List.of()))
          .hasMessageContaining("stop tokens is []");
    }
  }

  private static List<Completion> generate(
      CausalLm model, Regex regex, double temperature, int count, int length) {
    RegexConstraint constraint = RegexConstraint.of(regex, model.tokenizer(), List.of(EOS));
    return new LocalGenerator(model)
        .generate(
            List.of(model.tokenizer().ids("Once upon a time", AddSpecialTokens.YES)),
            GenerationOptions.maxNewTokens(length)
                .sampling(Sampling.temperature(temperature).seed(11))
                .completionsPerPrompt(count)
                .stop(StopConditions.tokens(EOS))
                .constraint(constraint.processor()));
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in =
        new GZIPInputStream(
            Objects.requireNonNull(
                RegexConstraintTest.class.getResourceAsStream(
                    "/golden/text/" + name + "-tokenizer.json.gz")))) {
      return in.readAllBytes();
    }
  }
}
