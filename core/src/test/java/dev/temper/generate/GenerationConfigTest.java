package dev.temper.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.temper.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GenerationConfigTest {
  @TempDir Path directory;

  @Test
  void reads_the_recommended_sampling() throws IOException {
    GenerationConfig config =
        read(
            """
            {"bos_token_id": 1, "do_sample": true, "eos_token_id": [151645, 151643], "repetition_penalty": 1.05, "temperature": 0.7,
             "top_p": 0.8, "top_k": 20, "max_new_tokens": 2048, "transformers_version": "4.37.0", "pad_token_id": null, "min_p": null}
            """);
    assertThat(config.sampling())
        .isEqualTo(Sampling.temperature(0.7).topK(20).topP(0.8).repetitionPenalty(1.05));
    assertThat(config.stop()).isEqualTo(StopConditions.tokens(151645, 151643));
    assertThat(config.maxNewTokens()).hasValue(2048);
  }

  @Test
  void is_greedy_without_do_sample_whatever_else_is_named() throws IOException {
    GenerationConfig config =
        read("{\"eos_token_id\": 2, \"temperature\": 0.0, \"top_p\": 0.9, \"top_k\": 0}");
    assertThat(config.sampling()).isEqualTo(Sampling.greedy());
    assertThat(config.stop().tokens()).containsExactly(2);
    assertThat(config.topK()).isEmpty();
  }

  @Test
  void is_empty_without_the_file() {
    assertThat(GenerationConfig.read(directory)).isEqualTo(GenerationConfig.empty());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"temperature\": \"hot\"}|\"temperature\" is \"hot\", must be a number 0 or more",
        "{\"temperature\": 0, \"do_sample\": true}|\"temperature\" is 0, must be a number greater than 0",
        "{\"do_sample\": 1}|\"do_sample\" is 1, must be true or false",
        "{\"top_k\": 2.5}|\"top_k\" is 2.5, must be an integer, 0 or more",
        "{\"top_p\": 7}|\"top_p\" is 7, must be a number in [0, 1]",
        "{\"eos_token_id\": [1, \"</s>\"]}|\"eos_token_id\" is \"</s>\", must be a token id or a list of token ids",
        "{\"max_new_tokens\": 99999999999}|\"max_new_tokens\" is 99999999999",
        "[]|must hold a JSON object",
        "{|not valid JSON",
      })
  void wrong_values_name_file_and_key(String json, String message) {
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("generation_config.json")
        .hasMessageContaining(message);
  }

  private GenerationConfig read(String json) throws IOException {
    Files.writeString(directory.resolve(GenerationConfig.FILE_NAME), json);
    return GenerationConfig.read(directory);
  }
}
