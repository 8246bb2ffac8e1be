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
   * @param messages at least one; each has a {@code role}, and {@code content} or {@code tool_calls}
   */
  record Messages(List<Map<String, Object>> messages) implements Passage {
    /** Copies the list. */
    public Messages {
      messages = List.copyOf(messages);
    }
  }
}
