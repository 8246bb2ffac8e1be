package dev.temper.text;

import dev.temper.text.jinja.JinjaException;
import dev.temper.text.jinja.Span;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds messages in a rendered chat by rendering its beginnings: see {@link
 * ChatTemplate#messageSpans}.
 */
final class MessageLocator {
  /**
   * Stands for a content. Private-use characters: no template looks for them, no template trims
   * them.
   */
  private static final String MARKER = "\uE0F0content\uE0F1";

  private final ChatTemplate template;
  private final ChatTemplate.Options options;

  MessageLocator(ChatTemplate template, ChatTemplate.Options options) {
    this.template = template;
    this.options = options;
  }

  List<MessageSpan> locate(List<Message> messages) {
    String full = template.render(messages, options).text();
    List<MessageSpan> spans = new ArrayList<>();
    int previousEnd = 0;
    for (int i = 0; i < messages.size(); i++) {
      MessageSpan span = locate(messages, i, full);
      if (span instanceof MessageSpan.Located located) {
        if (located.content().start() < previousEnd) {
          span = unlocated(messages, i, "it would start inside the message before it");
        } else {
          previousEnd = located.endOfTurn().end();
        }
      }
      spans.add(span);
    }
    return List.copyOf(spans);
  }

  private MessageSpan locate(List<Message> messages, int index, String full) {
    Message message = messages.get(index);
    String upTo =
        index == messages.size() - 1 ? full : text(messages.subList(0, index + 1), options);
    if (upTo == null || !full.startsWith(upTo)) {
      return unlocated(
          messages,
          index,
          "the chat up to it renders to other text alone than as the beginning of the whole chat");
    }
    Frame frame = frame(messages, index, upTo);
    int end = frame == null ? upTo.length() : upTo.length() - frame.tail().length();
    Integer start =
        message.role().equals("assistant") ? afterGenerationPrompt(messages, index, upTo) : null;
    if (start == null && frame != null && frame.exact()) {
      start = frame.head().length();
    }
    if (start == null || start > end) {
      return unlocated(
          messages,
          index,
          "neither a generation prompt nor a marker in place of its content shows where it starts");
    }
    int endOfTurn = Math.max(end, PythonText.rstrip(upTo).length());
    if (frame == null) {
      end = Math.max(start, endOfTurn);
      endOfTurn = end;
    }
    return new MessageSpan.Located(
        index, message.role(), new Span(start, end), new Span(end, endOfTurn));
  }

  private static MessageSpan unlocated(List<Message> messages, int index, String reason) {
    String role = messages.get(index).role();
    return new MessageSpan.Unlocated(
        index,
        role,
        "Message "
            + index
            + " ("
            + role
            + ") cannot be located in the rendered chat: "
            + reason
            + ". Use a chat template with {% generation %} markers, or train on the last turn only.");
  }

  /**
   * The end of the text before an assistant's message, generation prompt included; null when it
   * does not begin {@code upTo}, or when the template adds no generation prompt: then the header of
   * the message would count as its content.
   */
  private @Nullable Integer afterGenerationPrompt(List<Message> messages, int index, String upTo) {
    String head = text(messages.subList(0, index), options.withAddGenerationPrompt(true));
    String before = index == 0 ? "" : text(messages.subList(0, index), options);
    boolean fits =
        head != null && before != null && upTo.startsWith(head) && head.length() > before.length();
    return fits && head != null ? Integer.valueOf(head.length()) : null;
  }

  /**
   * What a template writes around a content.
   *
   * @param exact whether the head is that of this very message, not only of a plain message in its
   *     place
   */
  private record Frame(String head, String tail, boolean exact) {}

  private @Nullable Frame frame(List<Message> messages, int index, String upTo) {
    Message message = messages.get(index);
    if (message.content() instanceof String) {
      Frame exact = frame(messages, index, message.with("content", MARKER), upTo, true);
      if (exact != null) {
        return exact;
      }
    }
    Map<String, Object> plain = new LinkedHashMap<>();
    plain.put("role", message.role());
    plain.put("content", MARKER);
    return frame(messages, index, new Message(plain), upTo, false);
  }

  private @Nullable Frame frame(
      List<Message> messages, int index, Message marked, String upTo, boolean exact) {
    List<Message> chat = new ArrayList<>(messages.subList(0, index));
    chat.add(marked);
    String text = text(chat, options);
    int at = text == null ? -1 : text.indexOf(MARKER);
    if (text == null || at < 0 || text.indexOf(MARKER, at + 1) >= 0) {
      return null;
    }
    String head = text.substring(0, at);
    String tail = text.substring(at + MARKER.length());
    boolean headFits = !exact || upTo.startsWith(head);
    boolean tailFits =
        upTo.endsWith(tail) && (!exact || head.length() + tail.length() <= upTo.length());
    return headFits && tailFits ? new Frame(head, tail, exact) : null;
  }

  /** The text of a chat, or null when the template refuses it. */
  private @Nullable String text(List<Message> chat, ChatTemplate.Options how) {
    try {
      return template.render(chat, how).text();
    } catch (JinjaException e) {
      return null;
    }
  }
}
