package dev.temper.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.UserException;
import dev.temper.text.ChatTemplate.Continuation;
import dev.temper.text.ChatTemplate.Options;
import dev.temper.text.jinja.Span;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ChatTemplateTest {
  private static final String CHATML =
      "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content|trim }}<|im_end|>\n{% endfor %}"
          + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

  private static String golden(String name) {
    JsonNode templates = GoldenFiles.json("templates-trl.json.gz").get("templates");
    return GoldenFiles.stream(templates)
        .filter(t -> t.get("name").asText().equals(name))
        .findFirst()
        .orElseThrow()
        .get("template")
        .asText();
  }

  @Test
  void a_trimmed_message_is_located_without_its_whitespace() {
    ChatTemplate template = ChatTemplate.parse(CHATML);
    List<Message> chat = List.of(Message.user(" hi "), Message.assistant("\n ok 😀\n"));
    String text = template.render(chat).text();
    List<MessageSpan> spans = template.messageSpans(chat, Options.DEFAULT);
    assertThat(spans).allMatch(s -> s instanceof MessageSpan.Located);
    assertThat(((MessageSpan.Located) spans.get(0)).content().of(text)).isEqualTo("hi");
    assertThat(((MessageSpan.Located) spans.get(1)).whole().of(text)).isEqualTo("ok 😀<|im_end|>");
  }

  @Test
  void a_template_without_generation_prompt_does_not_count_the_header_as_content() {
    ChatTemplate template =
        ChatTemplate.parse("{% for m in messages %}[{{ m.role }}] {{ m.content }}</s>{% endfor %}");
    List<Message> chat = List.of(Message.user("a"), Message.assistant("b"));
    String text = template.render(chat).text();
    MessageSpan span = template.messageSpans(chat, Options.DEFAULT).get(1);
    assertThat(((MessageSpan.Located) span).whole().of(text)).isEqualTo("b</s>");
  }

  @Test
  void a_message_whose_text_changes_when_others_follow_is_not_located() {
    // Qwen3 drops the reasoning of earlier turns.
    ChatTemplate template = ChatTemplate.parse(golden("qwen3.jinja"));
    List<Message> chat =
        List.of(
            Message.user("a"),
            Message.assistant("<think>\nhm\n</think>\n\nb"),
            Message.user("c"),
            Message.assistant("<think>\nso\n</think>\n\nd"));
    List<MessageSpan> spans = template.messageSpans(chat, Options.DEFAULT);
    assertThat(spans.get(1)).isInstanceOf(MessageSpan.Unlocated.class);
    assertThat(((MessageSpan.Unlocated) spans.get(1)).reason())
        .contains("Message 1 (assistant)")
        .contains("{% generation %}");
    String text = template.render(chat).text();
    assertThat(((MessageSpan.Located) spans.get(3)).whole().of(text))
        .isEqualTo("<think>\nso\n</think>\n\nd<|im_end|>");
  }

  @Test
  void a_template_that_ends_the_chat_with_a_token_locates_only_the_last_message() {
    ChatTemplate template = ChatTemplate.parse(golden("phi3.jinja"));
    List<Message> chat =
        List.of(
            Message.user("a"), Message.assistant("b"), Message.user("c"), Message.assistant("d"));
    List<MessageSpan> spans =
        template.messageSpans(chat, Options.DEFAULT.withSpecialTokens(Map.of("eos_token", "</s>")));
    assertThat(spans.subList(0, 3)).allMatch(s -> s instanceof MessageSpan.Unlocated);
    assertThat(spans.get(3)).isInstanceOf(MessageSpan.Located.class);
  }

  @Test
  void a_prefill_keeps_its_generation_span_inside_the_text() {
    ChatTemplate template =
        ChatTemplate.parse(
            "{% for m in messages %}<{{ m.role }}>{% generation %}{{ m.content }}</s>{% endgeneration %}{% endfor %}");
    RenderedChat chat =
        template.render(
            List.of(Message.assistant("abc ")),
            Options.DEFAULT.withContinueFinalMessage(Continuation.CONTENT));
    assertThat(chat.text()).isEqualTo("<assistant>abc ");
    assertThat(chat.generationSpans()).containsExactly(new Span(11, 15));
  }

  @Test
  void options_that_contradict_each_other_are_refused() {
    Options prompt = Options.DEFAULT.withAddGenerationPrompt(true);
    assertThatThrownBy(() -> prompt.withContinueFinalMessage(Continuation.CONTENT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("addGenerationPrompt")
        .hasMessageContaining("continueFinalMessage");
    assertThatThrownBy(() -> Options.DEFAULT.withVariables(Map.of("messages", List.of())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("messages");
  }

  @Test
  void extra_variables_win_over_special_tokens() {
    Options options =
        Options.DEFAULT
            .withSpecialTokens(Map.of("bos_token", "<s>"))
            .withVariables(Map.of("bos_token", "B"));
    assertThat(ChatTemplate.parse("{{ bos_token }}").render(List.of(), options).text())
        .isEqualTo("B");
  }

  @Test
  void messages_keep_arbitrary_keys_and_cannot_be_changed() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("role", "assistant");
    fields.put("content", null);
    fields.put("tool_calls", Arrays.asList(Map.of("id", 1), null));
    Message message = Message.of(fields);
    fields.put("role", "user");
    assertThat(message.role()).isEqualTo("assistant");
    assertThat(message.content()).isNull();
    assertThat(message.text()).isEmpty();
    assertThat(message.fields()).containsKeys("content", "tool_calls");
    assertThatThrownBy(() -> message.fields().put("a", "b"))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void messages_read_parts_and_weights() {
    Message parts =
        Message.of(
            Map.of(
                "role",
                "user",
                "content",
                List.of(
                    Map.of("type", "text", "text", "a"),
                    Map.of("type", "image"),
                    Map.of("text", "b"))));
    assertThat(parts.text()).isEqualTo("ab");
    assertThat(parts.weight()).isEqualTo(1);
    assertThat(Message.assistant("a").with("weight", 0.5).weight()).isEqualTo(0.5);
    assertThatThrownBy(() -> Message.assistant("a").with("weight", -1).weight())
        .isInstanceOf(UserException.class)
        .hasMessageContaining("-1");
  }

  @Test
  void messages_without_a_role_or_with_java_objects_are_refused() {
    assertThatThrownBy(() -> Message.of(Map.of("content", "a")))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("role");
    Map<String, Object> fields =
        new HashMap<>(Map.of("role", "user", "content", List.of(new Object())));
    assertThatThrownBy(() -> Message.of(fields))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("message.content[0]");
  }
}
