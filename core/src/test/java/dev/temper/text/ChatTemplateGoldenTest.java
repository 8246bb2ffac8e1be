package dev.temper.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.temper.UserException;
import dev.temper.text.ChatTemplate.Continuation;
import dev.temper.text.jinja.JinjaException;
import dev.temper.text.jinja.Span;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Sixty real chat templates on eighty-one conversations, against transformers; and the spans of the
 * training templates.
 */
class ChatTemplateGoldenTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<Map<String, Object>> MAP = new TypeReference<>() {};
  private static final TypeReference<List<Map<String, Object>>> MAPS = new TypeReference<>() {};

  static Stream<Arguments> templates() {
    return Stream.of("templates-trl", "templates-llama_cpp", "templates-mistral-common")
        .flatMap(
            file -> {
              JsonNode golden = GoldenFiles.json(file + ".json.gz");
              return GoldenFiles.stream(golden.get("templates"))
                  .map(
                      t ->
                          Arguments.of(
                              file
                                  + "/"
                                  + t.get("name").asText()
                                  + (t.has("extra") ? "+extra" : ""),
                              golden,
                              t));
            });
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("templates")
  void renders_as_transformers_does(String name, JsonNode golden, JsonNode entry) {
    ChatTemplate template = ChatTemplate.parse(entry.get("template").asText());
    List<String> wrong = new ArrayList<>();
    JsonNode cases = golden.at("/inputs/cases");
    assertThat(cases).hasSize(entry.get("expected").size());
    for (int i = 0; i < cases.size(); i++) {
      JsonNode expected = entry.get("expected").get(i);
      String problem = compare(template, cases.get(i), entry.get("extra"), golden, expected);
      if (!problem.isEmpty()) {
        wrong.add(cases.get(i).get("id").asText() + ": " + problem);
      }
    }
    assertThat(wrong).isEmpty();
  }

  private static String compare(
      ChatTemplate template,
      JsonNode input,
      @Nullable JsonNode extra,
      JsonNode golden,
      JsonNode expected) {
    String text;
    try {
      text = template.render(messages(input), options(input, extra, golden)).text();
    } catch (UserException e) {
      JsonNode error = expected.get("error");
      if (error == null) {
        return "failed: " + e.getMessage();
      }
      String kind =
          e instanceof JinjaException j
              ? j.kind().name().toLowerCase(Locale.ROOT)
              : "continue_final_message";
      String message = e instanceof JinjaException j ? j.detail() : String.valueOf(e.getMessage());
      boolean sameMessage =
          !error.get("message_is_portable").asBoolean()
              || message.startsWith(error.get("message").asText());
      return kind.equals(error.get("kind").asText()) && sameMessage
          ? ""
          : "failed with " + kind + " " + message + " instead of " + error;
    }
    if (expected.has("error")) {
      return "rendered <" + text + "> instead of " + expected.get("error");
    }
    return text.equals(expected.get("text").asText())
        ? ""
        : "\n<" + text + ">\ninstead of\n<" + expected.get("text").asText() + ">";
  }

  private static List<Message> messages(JsonNode input) {
    return GoldenFiles.stream(input.get("messages"))
        .map(m -> Message.of(JSON.convertValue(m, MAP)))
        .toList();
  }

  private static ChatTemplate.Options options(
      JsonNode input, @Nullable JsonNode extra, JsonNode golden) {
    Map<String, String> specialTokens =
        JSON.convertValue(golden.get("special_tokens"), new TypeReference<>() {});
    Map<String, Object> variables = new HashMap<>();
    JsonNode tools = input.get("tools");
    if (extra != null) {
      if (tools == null || tools.isNull() || tools.isEmpty()) {
        tools = extra.has("tools") ? extra.get("tools") : tools;
      }
      if (extra.has("kwargs")) {
        variables.putAll(JSON.convertValue(extra.get("kwargs"), MAP));
      }
    }
    if (input.has("kwargs") && !input.get("kwargs").isNull()) {
      variables.putAll(JSON.convertValue(input.get("kwargs"), MAP));
    }
    JsonNode open = input.get("continue_final_message");
    Continuation continuation =
        open == null || (open.isBoolean() && !open.asBoolean())
            ? Continuation.NONE
            : open.isTextual() ? Continuation.REASONING : Continuation.CONTENT;
    LocalDateTime now = LocalDateTime.parse(golden.get("frozen_now").asText());
    JsonNode prompt = input.get("add_generation_prompt");
    return new ChatTemplate.Options(
        prompt != null && prompt.asBoolean(),
        continuation,
        tools == null || tools.isNull() ? null : JSON.convertValue(tools, MAPS),
        input.has("documents") && !input.get("documents").isNull()
            ? JSON.convertValue(input.get("documents"), MAPS)
            : null,
        specialTokens,
        variables,
        Clock.fixed(now.toInstant(ZoneOffset.UTC), ZoneOffset.UTC));
  }

  static Stream<Arguments> trainingTemplates() {
    JsonNode golden = GoldenFiles.json("templates-trl.json.gz");
    return GoldenFiles.stream(GoldenFiles.json("generation-trl.json.gz").get("templates"))
        .map(
            t -> {
              JsonNode entry =
                  GoldenFiles.stream(golden.get("templates"))
                      .filter(e -> e.get("name").equals(t.get("name")))
                      .findFirst()
                      .orElseThrow();
              return Arguments.of(
                  t.get("name").asText(), golden, entry.get("template").asText(), t.get("rows"));
            });
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("trainingTemplates")
  void finds_what_the_model_generates(String name, JsonNode golden, String source, JsonNode rows) {
    ChatTemplate template = ChatTemplate.parse(source);
    assertThat(template.hasGenerationMarkers()).isTrue();
    for (JsonNode row : rows) {
      JsonNode input =
          GoldenFiles.stream(golden.at("/inputs/cases"))
              .filter(c -> c.get("id").equals(row.get("case")))
              .findFirst()
              .orElseThrow();
      RenderedChat chat = template.render(messages(input), options(input, null, golden));
      List<List<Integer>> spans =
          chat.generationSpans().stream()
              .map(
                  s ->
                      List.of(
                          chat.text().codePointCount(0, s.start()),
                          chat.text().codePointCount(0, s.end())))
              .toList();
      List<List<Integer>> expected = JSON.convertValue(row.get("spans"), new TypeReference<>() {});
      assertThat(spans).as(row.get("case").asText()).isEqualTo(expected);
      List<String> texts = chat.generationSpans().stream().map(s -> s.of(chat.text())).toList();
      assertThat(texts)
          .isEqualTo(
              JSON.convertValue(row.get("span_texts"), new TypeReference<List<String>>() {}));
    }
  }

  static Stream<Arguments> chats() {
    JsonNode golden = GoldenFiles.json("masks.json.gz");
    return Stream.concat(
            GoldenFiles.stream(golden.get("rows")), GoldenFiles.stream(golden.get("disagreements")))
        .map(row -> Arguments.of(row.get("id").asText(), golden, row));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("chats")
  void locates_every_message_of_a_chatml_chat(String id, JsonNode golden, JsonNode row) {
    ChatTemplate template = ChatTemplate.parse(golden.get("template").asText());
    List<Message> messages = messages(row);
    String text = template.render(messages).text();
    assertThat(text).isEqualTo(row.get("text").asText());
    List<MessageSpan> spans = template.messageSpans(messages, ChatTemplate.Options.DEFAULT);
    assertThat(spans).hasSize(messages.size());
    int at = 0;
    List<Span> assistantSpans = new ArrayList<>();
    for (MessageSpan span : spans) {
      Message message = messages.get(span.message());
      String header = "<|im_start|>" + message.role() + "\n";
      int start = text.indexOf(header, at) + header.length();
      int end = start + message.text().length();
      at = end;
      assertThat(span)
          .isEqualTo(
              new MessageSpan.Located(
                  span.message(),
                  message.role(),
                  new Span(start, end),
                  new Span(end, end + "<|im_end|>".length())));
      if (message.role().equals("assistant")) {
        assistantSpans.add(((MessageSpan.Located) span).whole());
      }
    }
    RenderedChat marked =
        ChatTemplate.parse(golden.get("training_template").asText()).render(messages);
    assertThat(marked.text()).isEqualTo(text);
    assertThat(marked.generationSpans()).isEqualTo(assistantSpans);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"llama3.jinja", "gemma.jinja", "qwen2_5.jinja", "lfm2.jinja", "cohere.jinja"})
  void locates_what_the_training_template_marks(String name) {
    JsonNode golden = GoldenFiles.json("templates-trl.json.gz");
    ChatTemplate template = ChatTemplate.parse(source(golden, name));
    ChatTemplate training =
        ChatTemplate.parse(source(golden, name.replace(".jinja", "_training.jinja")));
    JsonNode input =
        GoldenFiles.stream(golden.at("/inputs/cases"))
            .filter(c -> c.get("id").asText().equals("multi_turn_ends_assistant"))
            .findFirst()
            .orElseThrow();
    List<Message> messages = messages(input);
    ChatTemplate.Options options = options(input, null, golden);
    RenderedChat marked = training.render(messages, options);
    List<MessageSpan.Located> located = new ArrayList<>();
    for (MessageSpan span : template.messageSpans(messages, options)) {
      if (span.role().equals("assistant") && span instanceof MessageSpan.Located l) {
        located.add(l);
      }
    }
    assertThat(located).hasSameSizeAs(marked.generationSpans());
    for (int i = 0; i < located.size(); i++) {
      String generated = marked.generationSpans().get(i).of(marked.text());
      String found = located.get(i).whole().of(template.render(messages, options).text());
      assertThat(generated.strip()).isEqualTo(found.strip());
    }
  }

  private static String source(JsonNode golden, String name) {
    return GoldenFiles.stream(golden.get("templates"))
        .filter(t -> t.get("name").asText().equals(name))
        .findFirst()
        .orElseThrow()
        .get("template")
        .asText();
  }
}
