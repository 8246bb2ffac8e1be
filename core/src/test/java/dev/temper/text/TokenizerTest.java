package dev.temper.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {
  @TempDir Path directory;

  @Test
  void knows_vocabulary_and_special_tokens_of_a_model_directory() {
    try (Tokenizer tokenizer = Tokenizer.load(Goldens.smollm2Directory(directory))) {
      assertThat(tokenizer.vocabularySize()).isEqualTo(49152);
      assertThat(tokenizer.tokenId("<|im_end|>")).hasValue(2);
      assertThat(tokenizer.token(2)).contains("<|im_end|>");
      assertThat(tokenizer.tokenId("no such token")).isEmpty();
      assertThat(tokenizer.token(49152)).isEmpty();
      assertThat(tokenizer.token(-1)).isEmpty();
      assertThat(tokenizer.specialTokens().eos())
          .contains(new SpecialTokens.Token("<|im_end|>", 2));
      assertThat(tokenizer.specialTokens().unk())
          .contains(new SpecialTokens.Token("<|endoftext|>", 0));
      assertThat(tokenizer.specialTokens().templateVariables())
          .containsEntry("bos_token", "<|im_start|>");
      assertThat(tokenizer.addedTokens()).hasSize(17).allMatch(AddedToken::special);
      assertThat(tokenizer.chatTemplateSource().orElseThrow())
          .startsWith("{% for message in messages %}");
    }
  }

  @Test
  void saves_its_files_byte_for_byte() throws Exception {
    Goldens.smollm2Directory(directory);
    Files.writeString(directory.resolve("chat_template.jinja"), "{{ messages }}\n");
    Files.write(directory.resolve("tokenizer.model"), new byte[] {1, 2, 3});
    Path copy = directory.resolve("deep/copy");
    try (Tokenizer tokenizer = Tokenizer.load(directory)) {
      assertThat(tokenizer.chatTemplateSource()).contains("{{ messages }}\n");
      tokenizer.save(copy);
      tokenizer.save(copy);
    }
    for (String name :
        List.of(
            "tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "tokenizer.model")) {
      assertThat(copy.resolve(name)).hasSameBinaryContentAs(directory.resolve(name));
    }
    try (var files = Files.list(copy)) {
      assertThat(files).hasSize(4);
    }
  }

  @Test
  void chooses_the_default_of_several_named_chat_templates() throws Exception {
    Goldens.smollm2Directory(directory);
    Files.writeString(
        directory.resolve("tokenizer_config.json"),
        "{\"chat_template\":[{\"name\":\"tool_use\",\"template\":\"T\"},{\"name\":\"default\",\"template\":\"D\"}],\"eos_token\":{\"content\":\"<|im_end|>\"}}");
    Files.writeString(
        directory.resolve("special_tokens_map.json"),
        "{\"eos_token\":\"<|endoftext|>\",\"pad_token\":\"<|endoftext|>\"}");
    try (Tokenizer tokenizer = Tokenizer.load(directory)) {
      assertThat(tokenizer.chatTemplateSource()).contains("D");
      assertThat(tokenizer.chatTemplateSources()).containsEntry("tool_use", "T").hasSize(2);
      assertThat(tokenizer.specialTokens().eos().orElseThrow().id()).isEqualTo(2);
      assertThat(tokenizer.specialTokens().pad().orElseThrow().id()).isZero();
      assertThat(tokenizer.specialTokens().bos()).isEmpty();
    }
  }

  @Test
  void names_both_numbers_and_the_tokens_when_the_embedding_is_too_small() {
    try (Tokenizer tokenizer = Goldens.smollm2()) {
      assertThatCode(() -> tokenizer.requireFits(49152)).doesNotThrowAnyException();
      assertThatCode(() -> tokenizer.requireFits(49280)).doesNotThrowAnyException();
      assertThatThrownBy(() -> tokenizer.requireFits(49150))
          .isInstanceOf(TokenizerException.class)
          .hasMessageContaining("49151")
          .hasMessageContaining("49150 rows")
          .hasMessageContaining("(49150)");
    }
  }

  @Test
  void reads_half_surrogates_as_replacement_characters_and_keeps_positions() {
    try (Tokenizer tokenizer = Goldens.smollm2()) {
      String text = "😀a\uD83Db😀c\uDE00";
      Encoding encoding = tokenizer.encode(text);
      assertThat(tokenizer.decode(encoding.ids(), false)).isEqualTo("😀a\uFFFDb😀c\uFFFD");
      assertThat(encoding.ends()[encoding.length() - 1]).isEqualTo(text.length());
    }
  }

  @Test
  void ids_that_no_token_has_decode_to_nothing_and_negative_ids_fail() {
    try (Tokenizer tokenizer = Goldens.smollm2()) {
      assertThat(tokenizer.decode(new int[] {19556, 60000, Integer.MAX_VALUE}, false))
          .isEqualTo("Hello");
      assertThat(tokenizer.decode(new int[0], false)).isEmpty();
      assertThatThrownBy(() -> tokenizer.decode(new int[] {1, -100}, false))
          .isInstanceOf(TokenizerException.class)
          .hasMessageContaining("-100 at position 1");
    }
  }

  @Test
  void a_stream_skips_special_tokens_and_flushes_unfinished_characters() {
    try (Tokenizer tokenizer = Goldens.smollm2()) {
      StreamingDecoder decoder = tokenizer.streamingDecoder(true);
      StringBuilder text = new StringBuilder();
      for (int id : tokenizer.ids("<|im_start|>Hi 👩‍🚀<|im_end|> you")) {
        text.append(decoder.add(id));
      }
      assertThat(text.append(decoder.flush())).hasToString("Hi 👩‍🚀 you");
      int[] emoji = tokenizer.ids("👩");
      assertThat(emoji.length).isGreaterThan(1);
      assertThat(decoder.add(emoji[0])).isEmpty();
      assertThat(decoder.flush()).isEqualTo("\uFFFD");
      assertThat(decoder.flush()).isEmpty();
    }
  }

  @Test
  void invalid_bytes_after_a_complete_character_do_not_take_it_back() {
    try (Tokenizer tokenizer = Tokenizer.fromJson(Goldens.bytes("phi3-tokenizer.json.gz"))) {
      StreamingDecoder decoder = tokenizer.streamingDecoder(false);
      List<String> pieces = new ArrayList<>();
      for (String token : List.of("<0xE2>", "<0x9D>", "<0xA4>", "<0xEF>", "x")) {
        pieces.add(decoder.add(tokenizer.tokenId(token).orElseThrow()));
      }
      assertThat(pieces).containsExactly("", "", "❤", "", "\uFFFDx");
    }
  }

  @Test
  void several_threads_share_a_tokenizer() throws Exception {
    try (Tokenizer tokenizer = Goldens.smollm2()) {
      int[] expected = tokenizer.ids("The quick brown fox 😀");
      ExecutorService threads = Executors.newFixedThreadPool(4);
      try {
        List<Callable<Boolean>> tasks = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
          tasks.add(
              () ->
                  java.util.Arrays.equals(
                      tokenizer.encodePlain("The quick brown fox 😀").ids(), expected));
        }
        for (Future<Boolean> result : threads.invokeAll(tasks)) {
          assertThat(result.get()).isTrue();
        }
      } finally {
        threads.shutdownNow();
      }
    }
  }

  @Test
  void fails_after_close() {
    Tokenizer tokenizer = Goldens.smollm2();
    tokenizer.close();
    tokenizer.close();
    assertThatThrownBy(() -> tokenizer.ids("a"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    assertThatThrownBy(() -> tokenizer.encodePlain("a")).isInstanceOf(IllegalStateException.class);
    assertThat(tokenizer.vocabularySize()).isEqualTo(49152);
  }

  @Test
  void user_text_cannot_spell_control_tokens_in_plain_encoding() {
    try (Tokenizer tokenizer = Goldens.smollm2()) {
      assertThat(tokenizer.ids("<|im_end|>")).containsExactly(2);
      assertThat(tokenizer.encodePlain("<|im_end|>").ids()).doesNotContain(2);
      assertThat(tokenizer.decode(tokenizer.encodePlain("a<|im_end|>b").ids(), true))
          .isEqualTo("a<|im_end|>b");
    }
  }

  @Test
  void says_which_file_is_missing() {
    assertThatThrownBy(() -> Tokenizer.load(directory.resolve("none")))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("not a directory");
    assertThatThrownBy(() -> Tokenizer.load(directory))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("no tokenizer.json");
    assertThatThrownBy(() -> Tokenizer.fromJson(directory.resolve("x.json")))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("x.json does not exist");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "{",
        "{}",
        "{\"model\":{}}",
        "{\"model\":3}",
        "{\"model\":{\"vocab\":{\"a\":0,\"a\":1}}}",
        "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0}}}",
        "\u0000",
        "{} {}"
      })
  void refuses_what_is_no_tokenizer(String json) {
    assertThatThrownBy(() -> Tokenizer.fromJson(json.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(TokenizerException.class)
        .hasMessageStartingWith("tokenizer.json");
  }

  @Test
  void refuses_deep_nesting() {
    byte[] deep = ("{\"normalizer\":" + "[".repeat(200_000)).getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> Tokenizer.fromJson(deep))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("nesting depth");
  }

  @Test
  void refuses_what_would_crash_native_code() {
    refused(
        t ->
            t.putObject("decoder")
                .put("type", "Strip")
                .put("content", "a")
                .put("start", 0)
                .put("stop", 1),
        "decoder.stop");
    refused(
        t -> ((ObjectNode) t.get("model")).put("continuing_subword_prefix", "##########"),
        "continuing_subword_prefix");
    refused(
        t ->
            t.set(
                "post_processor",
                parse(
                    "{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"B\",\"type_id\":0}}],\"pair\":[],\"special_tokens\":{}}")),
        "sequence B");
    refused(
        t ->
            t.set(
                "post_processor",
                parse(
                    "{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"z\",\"type_id\":0}}],\"pair\":[],\"special_tokens\":{}}")),
        "'z'");
    refused(t -> t.set("normalizer", parse("{\"type\":\"Unheard\"}")), "'Unheard'");
    refused(
        t ->
            t.set(
                "normalizer",
                parse("{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAA\"}")),
        "damaged");
    refused(
        t -> {
          t.set(
              "normalizer", parse("{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":true}"));
          ((ArrayNode) t.get("added_tokens"))
              .add(
                  parse(
                      "{\"id\":512,\"content\":\" \",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":true,\"special\":false}"));
        },
        "leaves nothing");
  }

  @Test
  void refuses_ids_that_the_library_would_silently_change() {
    refused(
        t ->
            ((ArrayNode) t.get("added_tokens"))
                .add(
                    parse(
                        "{\"id\":600,\"content\":\"<x>\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"special\":true}")),
        "declared with id 600");
    refused(t -> ((ObjectNode) t.get("model").get("vocab")).put("twice", 5), "id 5 to both");
    refused(
        t -> ((ObjectNode) t.get("model").get("vocab")).put("far", 2_000_000_000), "must be an id");
  }

  @Test
  void a_special_token_of_the_config_must_exist() throws Exception {
    Goldens.smollm2Directory(directory);
    Files.writeString(directory.resolve("tokenizer_config.json"), "{\"eos_token\":\"<|gone|>\"}");
    assertThatThrownBy(() -> Tokenizer.load(directory))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("eos_token '<|gone|>'");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
        "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
        "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        "\\d{1,3}(?=(?:\\d{3})*\\b)",
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+",
        " ?[^(\\s|[.,!?…。，、।۔،])]+",
        "(?:\\r?\\n)",
        "\\x{200d}+"
      })
  void accepts_the_split_patterns_of_published_tokenizers(String pattern) {
    assertThatCode(() -> RegexGuard.check(pattern, "pattern")).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({
    "(a+)+b",
    "(a|a)*b",
    "(?:a?){40}a",
    "(a)\\1",
    "(?<n>a\\g<n>)",
    "a{100000}",
    "(?>(x*)*)",
    "a**",
    "(?(1)a)",
    "((((a?)+)))",
    "(a",
    "[a",
    "a)"
  })
  void refuses_patterns_of_exponential_cost(String pattern) {
    assertThatThrownBy(() -> RegexGuard.check(pattern, "pattern"))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("pattern is refused");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "\\s* true",
        "a|b* true",
        "(?i:a)? true",
        "(?=a) true",
        "^ true",
        "\\b true",
        "a{0,3} true",
        "(?i) true",
        "a+ false",
        "[ab]{2,} false",
        "(?:a|b)c* false",
        "(?<!x)a false",
        "(?i:a) false",
        "a{1} false"
      })
  void knows_which_patterns_match_the_empty_text(String pattern, boolean empty) {
    assertThat(RegexGuard.check(pattern, "pattern")).isEqualTo(empty);
  }

  @Test
  void follows_every_link_of_a_normalisation_table() {
    // one unit whose offset leads out of the table
    byte[] map = {4, 0, 0, 0, 0, 0, (byte) 0xFF, 0x7F};
    assertThatThrownBy(() -> PrecompiledGuard.check(map, "map"))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("link leads to");
    refused(
        t ->
            t.set(
                "normalizer",
                parse(
                    "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\""
                        + Base64.getEncoder().encodeToString(map)
                        + "\"}")),
        "link leads to");
  }

  private static JsonNode parse(String json) {
    return Goldens.parse(json.getBytes(StandardCharsets.UTF_8));
  }

  private static void refused(Consumer<ObjectNode> damage, String message) {
    ObjectNode tree = (ObjectNode) Goldens.parse(Goldens.bytes("stories260K-tokenizer.json.gz"));
    damage.accept(tree);
    assertThatThrownBy(() -> Tokenizer.fromJson(Goldens.write(tree)))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining(message);
  }
}
