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
   * @param messages at least one; each has a role, and content or tool calls
   */
  record Messages(List<Map<String, Object>> messages) implements Passage {
    /** Copies the list. */
    public Messages {
      messages = List.copyOf(messages);
    }
  }
}
