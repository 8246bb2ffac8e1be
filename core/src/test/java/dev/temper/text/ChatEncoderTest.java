package dev.temper.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import dev.temper.text.jinja.Span;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Loss masks against transformers and TRL: masks.json, generation-trl.json, data_formats.json. */
class ChatEncoderTest {
  private static final JsonNode MASKS = Goldens.json("masks.json.gz");

  private static Tokenizer tokenizer;

  @BeforeAll
  static void load() {
    tokenizer = Goldens.smollm2();
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  static Stream<JsonNode> rows() {
    return elements(MASKS.path("rows"));
  }

  static Stream<JsonNode> disagreements() {
    return elements(MASKS.path("disagreements"));
  }

  @ParameterizedTest
  @MethodSource("rows")
  void gives_every_golden_mask(JsonNode row) {
    Map<String, TrainOn> policies = new LinkedHashMap<>();
    policies.put("assistant_only", TrainOn.assistant());
    policies.put("last_turn_only", TrainOn.lastTurn());
    policies.put("last_2_turns", TrainOn.lastTurns(2));
    policies.put("message_weights", TrainOn.messageWeights());
    policies.put("all_but_tool", TrainOn.allBut(Set.of("tool")));
    policies.put("assistant_and_user", TrainOn.roles(Set.of("assistant", "user")));
    List<Message> messages = messages(row.path("messages"));
    for (String source : List.of("template", "training_template")) {
      ChatEncoder encoder = encoder(source);
      policies.forEach(
          (name, policy) -> {
            EncodedChat chat = encoder.withTrainOn(policy).encode(messages);
            assertThat(chat.text()).isEqualTo(row.path("text").asText());
            assertThat(chat.ids()).isEqualTo(Goldens.ints(row.path("input_ids")));
            assertThat(chat.weights())
                .as("%s, %s", source, name)
                .isEqualTo(floats(row.path("expected").path(name)));
          });
      Map.of("none", EndOfTurn.NONE, "all", EndOfTurn.ALL, "last", EndOfTurn.LAST)
          .forEach(
              (name, end) ->
                  assertThat(encoder.withEndOfTurn(end).encode(messages).weights())
                      .as("%s, end of turn %s", source, name)
                      .isEqualTo(floats(row.path("expected").path("assistant_only/eot_" + name))));
    }
  }

  @ParameterizedTest
  @MethodSource("rows")
  void finds_the_tokens_of_every_message(JsonNode row) {
    for (String source : List.of("template", "training_template")) {
      List<EncodedChat.TurnTokens> turns =
          encoder(source).withTrainOn(TrainOn.all()).encode(messages(row.path("messages"))).turns();
      List<EncodedChat.TurnTokens> expected = new ArrayList<>();
      elements(row.path("spans"))
          .forEach(
              s ->
                  expected.add(
                      new EncodedChat.TurnTokens(
                          expected.size(),
                          s.get(0).asInt(),
                          s.get(1).asInt(),
                          s.get(1).asInt() - 1)));
      assertThat(turns).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @MethodSource("rows")
  void says_what_truncation_does_to_the_trained_tokens(JsonNode row) {
    EncodedChat chat =
        encoder("template").withTrainOn(TrainOn.lastTurn()).encode(messages(row.path("messages")));
    elements(row.path("truncate_right"))
        .forEach(
            cut -> {
              assertThat(chat.trainable()).isEqualTo(cut.path("trainable_before").asInt());
              EncodedChat.Truncated truncated = chat.truncate(cut.path("max_length").asInt());
              assertThat(truncated.chat().trainable())
                  .isEqualTo(cut.path("trainable_after").asInt());
              assertThat(truncated.outcome().name().toLowerCase(java.util.Locale.ROOT))
                  .isEqualTo(cut.path("outcome").asText());
              assertThat(truncated.chat().turns().isEmpty())
                  .isEqualTo(!cut.path("end_of_turn_kept").asBoolean());
            });
  }

  @ParameterizedTest
  @MethodSource("rows")
  void splits_prompt_and_completion_as_trl(JsonNode row) {
    if (!row.path("expected").has("trl_completion_mask")) {
      return; // the chat ends with a user message
    }
    List<Message> messages = messages(row.path("messages"));
    int last = messages.size() - 1;
    if (last == 0 || messages.get(last - 1).role().equals("assistant")) {
      return; // TRL continues such a prompt; the golden adds a header
    }
    PromptCompletion pair =
        encoder("template")
            .promptCompletion(
                messages.subList(0, last),
                messages.subList(last, last + 1),
                ChatTemplate.Options.DEFAULT,
                PromptCompletion.PrefixMismatch.FAIL);
    assertThat(pair.ids()).isEqualTo(Goldens.ints(row.path("input_ids")));
    assertThat(pair.weights()).isEqualTo(floats(row.path("expected").path("trl_completion_mask")));
  }

  @ParameterizedTest
  @MethodSource("disagreements")
  void reports_tokens_that_belong_to_header_and_answer(JsonNode row) {
    List<Message> messages = messages(row.path("messages"));
    int first = row.path("token_straddles_boundary").get(0).asInt();
    for (String source : List.of("template", "training_template")) {
      ChatEncoder encoder = encoder(source);
      assertThatThrownBy(() -> encoder.encode(messages))
          .isInstanceOfSatisfying(
              ChatMaskException.class, e -> assertThat(e.messageIndex()).isEqualTo(first))
          .hasMessageContaining("message " + first);
      EncodedChat trained = encoder.withBorderTokens(BorderTokens.TRAIN).encode(messages);
      assertThat(trained.weights()).isEqualTo(floats(row.path("generation_mask")));
      EncodedChat skipped = encoder.withBorderTokens(BorderTokens.SKIP).encode(messages);
      assertThat(skipped.trainable())
          .isEqualTo(trained.trainable() - row.path("token_straddles_boundary").size());
    }
  }

  @Test
  void marks_the_tokens_that_overlap_a_generation_span() {
    JsonNode texts = Goldens.json("templates-trl.json.gz");
    int straddling = 0;
    int spanCount = 0;
    try (Tokenizer withSpecial = trlTokenizer()) {
      for (JsonNode template : Goldens.json("generation-trl.json.gz").path("templates")) {
        String name = template.path("name").asText();
        Map<String, String> byCase = trlTexts(texts, name);
        for (JsonNode row : template.path("rows")) {
          String text = byCase.getOrDefault(row.path("case").asText(), "");
          Encoding encoding = withSpecial.encode(text);
          assertThat(encoding.ids())
              .as("%s %s", name, row.path("case"))
              .isEqualTo(Goldens.ints(row.path("input_ids")));
          boolean[] expected = new boolean[encoding.length()];
          elements(row.path("mask_runs"))
              .forEach(
                  r -> java.util.Arrays.fill(expected, r.get(0).asInt(), r.get(1).asInt(), true));
          List<Span> spans = new ArrayList<>();
          for (JsonNode s : row.path("spans")) {
            spans.add(
                new Span(
                    text.offsetByCodePoints(0, s.get(0).asInt()),
                    text.offsetByCodePoints(0, s.get(1).asInt())));
          }
          TokenMask mask = TokenMask.of(encoding, spans);
          assertThat(mask.mask()).as("%s %s", name, row.path("case")).isEqualTo(expected);
          spanCount += spans.size();
          straddling +=
              (int) mask.straddling().stream().map(TokenMask.Straddle::span).distinct().count();
        }
      }
    }
    assertThat(spanCount).isEqualTo(815);
    assertThat(straddling).isEqualTo(182);
  }

  @Test
  void tokenises_the_dataset_formats_as_trl() {
    ChatEncoder encoder = encoder("template");
    int compared = 0;
    for (JsonNode format : Goldens.json("data_formats.json.gz").path("cases")) {
      JsonNode rows = format.path("expected").path("maybe_extract_prompt");
      JsonNode tokens = format.path("expected").path("token_ids");
      for (int i = 0; i < tokens.size(); i++) {
        for (String key : List.of("completion", "chosen", "rejected")) {
          if (!tokens.get(i).has(key) || !tokens.get(i).has("prompt")) {
            continue;
          }
          JsonNode prompt = rows.get(i).path("prompt");
          JsonNode completion = rows.get(i).path(key);
          PromptCompletion pair =
              prompt.isTextual()
                  ? PromptCompletion.encode(
                      tokenizer,
                      prompt.asText(),
                      prompt.asText() + completion.asText(),
                      PromptCompletion.PrefixMismatch.FAIL)
                  : encoder.promptCompletion(
                      messages(prompt),
                      messages(completion),
                      ChatTemplate.Options.DEFAULT,
                      PromptCompletion.PrefixMismatch.FAIL);
          assertThat(pair.prompt()).isEqualTo(Goldens.ints(tokens.get(i).path("prompt")));
          assertThat(pair.completion()).isEqualTo(Goldens.ints(tokens.get(i).path(key)));
          compared++;
        }
        if (format.path("name").asText().equals("prompt_only/conversational")) {
          assertThat(
                  encoder.prompt(
                      messages(rows.get(i).path("prompt")), ChatTemplate.Options.DEFAULT))
              .isEqualTo(Goldens.ints(tokens.get(i).path("prompt")));
        }
      }
    }
    assertThat(compared).isGreaterThanOrEqualTo(18);
  }

  @Test
  void a_prompt_whose_tokens_merge_with_the_completion_fails_or_is_shortened() {
    assertThatThrownBy(
            () ->
                PromptCompletion.encode(
                    tokenizer, "Answer: ", "Answer: yes", PromptCompletion.PrefixMismatch.FAIL))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("part at token 2");
    PromptCompletion pair =
        PromptCompletion.encode(
            tokenizer, "Answer: ", "Answer: yes", PromptCompletion.PrefixMismatch.SHARED_PREFIX);
    assertThat(pair.promptLength()).isEqualTo(2);
    assertThat(tokenizer.decode(pair.completion(), false)).isEqualTo(" yes");
  }

  @Test
  void a_template_without_end_of_turn_token_is_an_error_unless_none_is_wanted() {
    ChatTemplate template =
        ChatTemplate.parse(
            "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '\n' }}{% endfor %}");
    List<Message> chat =
        List.of(
            Message.user("Hi"),
            Message.assistant("Hello"),
            Message.user("Bye"),
            Message.assistant("See you"));
    ChatEncoder encoder = new ChatEncoder(tokenizer, template).withBorderTokens(BorderTokens.TRAIN);
    assertThatThrownBy(() -> encoder.encode(chat))
        .isInstanceOfSatisfying(
            ChatMaskException.class, e -> assertThat(e.messageIndex()).isEqualTo(1))
        .hasMessageContaining("no end-of-turn token");
    assertThat(encoder.withEndOfTurn(EndOfTurn.NONE).encode(chat).trainable())
        .isEqualTo(tokenizer.ids(" Hello").length + tokenizer.ids(" See you").length);
  }

  @Test
  void a_template_that_changes_earlier_messages_is_an_error_with_the_index() {
    ChatTemplate template =
        ChatTemplate.parse(
            "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{% if loop.last %}{{ m['content'] }}{% else %}{{ m['content'] | upper }}{% endif %}<|im_end|>\n{% endfor %}");
    List<Message> chat =
        List.of(
            Message.user("a"),
            Message.assistant("first"),
            Message.user("b"),
            Message.assistant("second"));
    assertThatThrownBy(() -> new ChatEncoder(tokenizer, template).encode(chat))
        .isInstanceOfSatisfying(
            ChatMaskException.class, e -> assertThat(e.messageIndex()).isEqualTo(1));
  }

  @Test
  void tool_calls_count_as_what_the_model_writes() {
    ChatTemplate template =
        ChatTemplate.parse(
            "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}{% for c in m['tool_calls'] %}<tool_call>{{ c['name'] }}</tool_call>{% endfor %}"
                + "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}");
    Message call =
        Message.of(
            Map.of(
                "role",
                "assistant",
                "content",
                "",
                "tool_calls",
                List.of(Map.of("name", "get_time"))));
    EncodedChat chat =
        new ChatEncoder(tokenizer, template)
            .encode(
                List.of(
                    Message.user("time?"),
                    call,
                    Message.of("tool", "12"),
                    Message.assistant("Noon")));
    List<String> trained = new ArrayList<>();
    chat.turns()
        .forEach(
            t ->
                trained.add(
                    tokenizer.decode(
                        java.util.Arrays.copyOfRange(chat.ids(), t.first(), t.past()), false)));
    assertThat(trained)
        .containsExactly("<tool_call>get_time</tool_call><|im_end|>", "Noon<|im_end|>");
    assertThat(chat.trainable())
        .isEqualTo(chat.turns().stream().mapToInt(t -> t.past() - t.first()).sum());
  }

  @Test
  void the_template_sees_the_tokenizers_special_tokens(
      @org.junit.jupiter.api.io.TempDir java.nio.file.Path directory) {
    try (Tokenizer loaded = Tokenizer.load(Goldens.smollm2Directory(directory))) {
      ChatEncoder own = ChatEncoder.of(loaded);
      assertThat(own.template().source()).isEqualTo(MASKS.path("template").asText());
      ChatTemplate template =
          ChatTemplate.parse(
              "{% for m in messages %}{{ m['role'] }}|{{ m['content'] + eos_token }}{% endfor %}");
      EncodedChat chat =
          new ChatEncoder(loaded, template)
              .withBorderTokens(BorderTokens.TRAIN)
              .encode(List.of(Message.user("a"), Message.assistant("b")));
      assertThat(chat.text()).isEqualTo("user|a<|im_end|>assistant|b<|im_end|>");
    }
    assertThatThrownBy(() -> ChatEncoder.of(tokenizer))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("no chat template");
  }

  @Test
  void rejects_prompts_that_nobody_can_answer() {
    ChatEncoder encoder = encoder("template");
    assertThatThrownBy(
            () -> encoder.prompt(List.of(Message.system("x")), ChatTemplate.Options.DEFAULT))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("system");
    assertThatThrownBy(() -> encoder.prompt(List.of(), ChatTemplate.Options.DEFAULT))
        .isInstanceOf(UserException.class);
  }

  private static ChatEncoder encoder(String key) {
    return new ChatEncoder(tokenizer, ChatTemplate.parse(MASKS.path(key).asText()));
  }

  /** The tokenizer of the TRL goldens: SmolLM2's with four more special tokens. */
  private static Tokenizer trlTokenizer() {
    ObjectNode root = (ObjectNode) Goldens.parse(Goldens.bytes("smollm2-tokenizer.json.gz"));
    ArrayNode added = (ArrayNode) root.get("added_tokens");
    int id = 49152;
    for (String token : List.of("<|bos|>", "<|eos|>", "<|unk|>", "<|pad|>")) {
      added
          .addObject()
          .put("id", id++)
          .put("content", token)
          .put("single_word", false)
          .put("lstrip", false)
          .put("rstrip", false)
          .put("normalized", false)
          .put("special", true);
    }
    return Tokenizer.fromJson(Goldens.write(root));
  }

  /** Rendered text by case of one TRL template. */
  private static Map<String, String> trlTexts(JsonNode golden, String name) {
    JsonNode template =
        elements(golden.path("templates"))
            .filter(t -> t.path("name").asText().equals(name))
            .findFirst()
            .orElseThrow();
    Map<String, String> result = new LinkedHashMap<>();
    for (int k = 0; k < template.path("expected").size(); k++) {
      result.put(
          golden.at("/inputs/cases").get(k).path("id").asText(),
          template.path("expected").get(k).path("text").asText());
    }
    return result;
  }

  private static List<Message> messages(JsonNode array) {
    List<Message> result = new ArrayList<>();
    array.forEach(
        m ->
            result.add(
                Message.of(
                    Goldens.MAPPER.convertValue(m, new TypeReference<Map<String, Object>>() {}))));
    return result;
  }

  private static Stream<JsonNode> elements(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }

  private static float[] floats(JsonNode array) {
    float[] result = new float[array.size()];
    for (int i = 0; i < result.length; i++) {
      result[i] = (float) array.get(i).asDouble();
    }
    return result;
  }
}
