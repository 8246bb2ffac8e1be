package dev.temper.data;

import java.util.List;
import java.util.Map;

/** A prompt or a completion: plain text, or messages of a conversation. */
public sealed interface Passage {
  /** Plain text, tokenized as it stands. */
  record Text(String text) implements Passage {}

  /**
   * Messages, rendered by the model's chat template.
   *
   * @param messages each has a role, and content or tool calls; may be empty only as the prompt of
   *     a pair that shares nothing
   */
  record Messages(List<Map<String, Object>> messages) implements Passage {
    /** Copies the list. */
    public Messages {
      messages = List.copyOf(messages);
    }
  }

  /** One message of the user. */
  static Passage user(String content) {
    return new Messages(List.of(dev.temper.data.Messages.message("user", content)));
  }

  /** One message of the user, after one of the system unless that is empty. */
  static Passage user(String system, String content) {
    return system.isEmpty()
        ? user(content)
        : new Messages(
            List.of(
                dev.temper.data.Messages.message("system", system),
                dev.temper.data.Messages.message("user", content)));
  }

  /** One message of the assistant. */
  static Passage assistant(String content) {
    return new Messages(List.of(dev.temper.data.Messages.message("assistant", content)));
  }

  /** The text, or the list of messages: as it stands in a column. */
  default Object value() {
    return this instanceof Text text ? text.text() : ((Messages) this).messages();
  }

  /** Refuses text with messages. */
  static void checkSameKind(Origin origin, Map<String, Passage> others, Passage prompt) {
    others.forEach(
        (column, passage) -> {
          if (passage instanceof Text != prompt instanceof Text) {
            throw new DataException(
                origin,
                "columns \"prompt\" and \""
                    + column
                    + "\" must both be text or both be lists of messages");
          }
        });
  }
}
