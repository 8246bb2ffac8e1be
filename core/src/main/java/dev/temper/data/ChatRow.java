package dev.temper.data;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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

  /**
   * The messages before the last one of the assistant, to generate from; what follows is kept in
   * the extra {@code completion}. The whole conversation if the assistant is not the last to speak.
   */
  public PromptRow promptOnly() {
    int end = messages.size();
    if (end > 1 && "assistant".equals(messages.get(end - 1).get("role"))) {
      end--;
    }
    Map<String, @Nullable Object> extras = new LinkedHashMap<>(info.extras());
    if (end < messages.size()) {
      extras.put("completion", messages.subList(end, messages.size()));
    }
    return new PromptRow(
        new Passage.Messages(messages.subList(0, end)), context, info.withExtras(extras));
  }
}
