package dev.temper.data;

import java.util.List;
import java.util.Map;

/**
 * A whole conversation.
 *
 * @param messages at least one; each has a role, and content or tool calls
 * @param context tools and template variables
 * @param info origin, weight and unused columns
 */
public record ChatRow(List<Map<String, Object>> messages, ChatContext context, RowInfo info)
    implements SftRow {
  /** Copies the list. */
  public ChatRow {
    messages = List.copyOf(messages);
  }
}
