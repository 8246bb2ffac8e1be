package dev.temper.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerExtensionTest {
  @TempDir Path directory;

  @Test
  void new_tokens_get_the_next_ids_and_survive_a_save() throws Exception {
    try (Tokenizer base = Tokenizer.load(Goldens.smollm2Directory(directory));
        Tokenizer extended =
            base.withAddedTokens(
                List.of(
                    NewToken.special("<|think|>"),
                    NewToken.special("<|im_end|>"),
                    NewToken.word("temperium"),
                    NewToken.special("<|think|>")))) {
      assertThat(extended.vocabularySize()).isEqualTo(base.vocabularySize() + 2);
      assertThat(extended.tokenId("<|im_end|>")).hasValue(2);
      int think = base.vocabularySize();
      assertThat(extended.ids("<|think|>a")).startsWith(think).hasSize(2);
      assertThat(extended.ids("some temperium")).contains(think + 1);
      assertThat(base.ids("<|think|>a")).hasSizeGreaterThan(2);
      assertThat(extended.decode(new int[] {think, think + 1}, true)).isEqualTo("temperium");

      Path saved = directory.resolve("saved");
      extended.save(saved);
      try (Tokenizer again = Tokenizer.load(saved)) {
        assertThat(again.ids("<|think|> and temperium"))
            .isEqualTo(extended.ids("<|think|> and temperium"));
        assertThat(again.chatTemplateSource()).isEqualTo(base.chatTemplateSource());
      }
      JsonNode config =
          new ObjectMapper().readTree(saved.resolve("tokenizer_config.json").toFile());
      assertThat(config.path("additional_special_tokens"))
          .map(JsonNode::asText)
          .doesNotContain("temperium");
    }
  }

  @Test
  void everything_else_in_the_files_stays() {
    try (Tokenizer base = Tokenizer.load(Goldens.smollm2Directory(directory));
        Tokenizer extended = base.withAddedTokens(List.of(NewToken.special("<|think|>")))) {
      String text = "Ça coûte 42 €,  don't you think?\n\n\tyes 👩‍🚀";
      assertThat(extended.ids(text)).isEqualTo(base.ids(text));
      assertThat(extended.specialTokens()).isEqualTo(base.specialTokens());
    }
  }
}
