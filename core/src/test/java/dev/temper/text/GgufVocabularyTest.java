package dev.temper.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GgufVocabularyTest {
  @TempDir Path dir;

  @ParameterizedTest
  @CsvSource({
    "smollm2, smollm2-tokenizer.json.gz, smollm",
    "stories260K, stories260K-tokenizer.json.gz, default",
    "tinyllama-v0, tinyllama-v0-tokenizer.json.gz, default"
  })
  void a_tokenizer_gives_the_same_ids_after_the_way_through_gguf(
      String name, String file, String pre) throws IOException {
    ObjectNode json = (ObjectNode) Goldens.parse(Goldens.bytes(file));
    if (name.equals("smollm2")) {
      Goldens.json("tokenizer-smollm2-digits.json.gz")
          .at("/tokenizer/replace_keys")
          .properties()
          .forEach(e -> json.set(e.getKey(), e.getValue()));
    }
    Files.write(dir.resolve("tokenizer.json"), Goldens.write(json));
    try (Tokenizer before = Tokenizer.load(dir)) {
      GgufVocabulary v = GgufVocabulary.of(dir, before.vocabularySize());
      assertThat(v.preTokenizer()).isEqualTo(pre);
      try (Tokenizer after = Tokenizer.fromFiles(v.files(), name)) {
        assertThat(after.vocabularySize()).isEqualTo(before.vocabularySize());
        for (String text : texts()) {
          assertThat(after.ids(text)).as(text).isEqualTo(before.ids(text));
          assertThat(after.decode(after.ids(text), false))
              .as(text)
              .isEqualTo(before.decode(before.ids(text), false));
        }
      }
    }
  }

  private static List<String> texts() {
    List<String> out =
        new ArrayList<>(
            List.of(
                "", " ", "  two  spaces", "a\n\n\tb", "007 and 3.14159", "I'LL say it's", "ﬁ é é"));
    for (String golden :
        List.of("tokenizer-smollm2-digits.json.gz", "tokenizer-tinyllama-v0.json.gz")) {
      for (JsonNode row : Goldens.json(golden).path("inputs")) {
        String text = row.path("text").asText();
        if (!text.contains("<")) {
          out.add(text);
        }
      }
    }
    return out;
  }

  @Test
  void the_pre_tokenizers_name_decides_how_digits_are_split() {
    assertThat(digits("smollm")).containsExactly("1", "2", "3", "4");
    assertThat(digits("qwen2")).containsExactly("1", "2", "3", "4");
    assertThat(digits("gpt-2")).containsExactly("1234");
    assertThat(digits("llama-bpe")).containsExactly("123", "4");
    assertThat(digits("gpt-4o")).containsExactly("123", "4");
    assertThat(digits("default")).containsExactly("123", "4");
  }

  /** A vocabulary in which all runs of digits merge. */
  private static List<String> digits(String pre) {
    GgufVocabulary v =
        bpe(
            pre,
            List.of("1", "2", "3", "4", "12", "123", "1234"),
            List.of("1 2", "12 3", "123 4"),
            new int[] {1, 1, 1, 1, 1, 1, 1});
    try (Tokenizer t = Tokenizer.fromFiles(v.files(), pre)) {
      List<String> out = new ArrayList<>();
      for (int id : t.ids("1234")) {
        out.add(t.token(id).orElseThrow());
      }
      return out;
    }
  }

  private static GgufVocabulary bpe(
      String pre, List<String> tokens, List<String> merges, int[] types) {
    return new GgufVocabulary(
        GgufVocabulary.Model.BYTE_LEVEL_BPE,
        pre,
        tokens,
        new float[0],
        types,
        merges,
        new GgufVocabulary.Roles(null, null, null, null),
        false,
        false,
        false,
        null);
  }

  @Test
  void control_and_user_defined_tokens_are_found_in_texts_and_unused_ones_are_not() {
    GgufVocabulary v =
        bpe(
            "gpt-2",
            List.of("a", "<|im_end|>", "<tool>", "[PAD3]"),
            List.of(),
            new int[] {1, 3, 4, 5});
    try (Tokenizer t = Tokenizer.fromFiles(v.files(), "x")) {
      assertThat(t.ids("a<|im_end|><tool>a")).containsExactly(0, 1, 2, 0);
      assertThat(t.addedTokens()).extracting(AddedToken::special).containsExactly(true, false);
      assertThat(t.tokenId("[PAD3]")).isEmpty();
    }
  }

  @Test
  void special_tokens_and_the_chat_template_are_kept() throws IOException {
    GgufVocabulary v =
        new GgufVocabulary(
            GgufVocabulary.Model.BYTE_LEVEL_BPE,
            "llama-bpe",
            List.of("a", "<s>", "</s>"),
            new float[0],
            new int[] {1, 3, 3},
            List.of(),
            new GgufVocabulary.Roles(1, 2, null, 2),
            true,
            true,
            false,
            "{{ messages }}");
    Map<String, byte[]> files = v.files();
    try (Tokenizer t = Tokenizer.fromFiles(files, "x")) {
      assertThat(t.ids("a", AddSpecialTokens.YES)).containsExactly(1, 0, 2);
      assertThat(t.specialTokens().bos().orElseThrow().id()).isEqualTo(1);
      assertThat(t.specialTokens().pad().orElseThrow().id()).isEqualTo(2);
      assertThat(t.chatTemplateSource()).contains("{{ messages }}");
      t.save(dir);
    }
    GgufVocabulary again = GgufVocabulary.of(dir, 5);
    assertThat(again.preTokenizer()).isEqualTo("llama-bpe");
    assertThat(again.tokens()).containsExactly("a", "<s>", "</s>", "[PAD3]", "[PAD4]");
    assertThat(again.types()).containsExactly(1, 3, 3, 5, 5);
    assertThat(again.roles()).isEqualTo(v.roles());
    assertThat(again.addBeginOfText()).isTrue();
    assertThat(again.addEndOfText()).isTrue();
    assertThat(again.chatTemplate()).isEqualTo("{{ messages }}");
  }

  @Test
  void an_unknown_pre_tokenizer_is_an_error_with_its_name() {
    assertThatThrownBy(() -> bpe("new-thing", List.of("a"), List.of(), new int[] {1}).files())
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("'new-thing'")
        .hasMessageContaining("smollm");
  }

  @Test
  void damaged_vocabularies_are_refused() {
    assertThatThrownBy(() -> bpe("gpt-2", List.of("a"), List.of(), new int[] {1, 1}))
        .hasMessageContaining("1 tokens but 2 types");
    assertThatThrownBy(() -> bpe("gpt-2", List.of("a"), List.of(), new int[] {9}))
        .hasMessageContaining("type 9");
    assertThatThrownBy(() -> bpe("gpt-2", List.of("a", "a"), List.of(), new int[] {1, 1}).files())
        .hasMessageContaining("tokens 0 and 1 are both spelled 'a'");
    assertThatThrownBy(() -> bpe("gpt-2", List.of("a".repeat(3000)), List.of(), new int[] {1}))
        .hasMessageContaining("3000 characters");
    assertThatThrownBy(() -> bpe("gpt-2", List.of("a"), List.of("ab"), new int[] {1}).files())
        .hasMessageContaining("merge 'ab'");
    assertThatThrownBy(() -> GgufVocabulary.Model.named("bert")).hasMessageContaining("'bert'");
  }

  @Test
  void a_tokenizer_that_llama_cpp_cannot_name_is_refused() throws IOException {
    ObjectNode json = (ObjectNode) Goldens.parse(Goldens.bytes("smollm2-tokenizer.json.gz"));
    json.putObject("normalizer").put("type", "Lowercase");
    Files.write(dir.resolve("tokenizer.json"), Goldens.write(json));
    assertThatThrownBy(() -> GgufVocabulary.of(dir, 49152))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("no name for its pre_tokenizer");
  }

  @Test
  void a_tokenizer_with_more_ids_than_rows_is_refused() throws IOException {
    Files.write(dir.resolve("tokenizer.json"), Goldens.bytes("stories260K-tokenizer.json.gz"));
    assertThatThrownBy(() -> GgufVocabulary.of(dir, 500))
        .hasMessageContaining("511")
        .hasMessageContaining("500 rows");
  }
}
