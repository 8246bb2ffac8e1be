package dev.temper.data;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A prompt and what the model should say to it.
 *
 * @param prompt given; of the same kind as the completion
 * @param completion to be learnt
 * @param context tools and template variables, for messages
 * @param info origin, weight and unused columns
 */
public record PromptCompletionRow(
    Passage prompt, Passage completion, ChatContext context, RowInfo info) implements SftRow {
  /** Checks that both passages are of the same kind. */
  public PromptCompletionRow {
    Passage.checkSameKind(info.origin(), Map.of("completion", completion), prompt);
  }

  /** The prompt alone; the completion is kept in the extra {@code completion}. */
  public PromptRow promptOnly() {
    Map<String, @Nullable Object> extras = new LinkedHashMap<>(info.extras());
    extras.put("completion", completion.value());
    return new PromptRow(prompt, context, info.withExtras(extras));
  }
}
