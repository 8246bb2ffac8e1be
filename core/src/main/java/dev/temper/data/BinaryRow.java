package dev.temper.data;

import java.util.Map;

/**
 * A prompt and a completion that is good or bad.
 *
 * @param prompt given; of the same kind as the completion
 * @param completion the completion judged
 * @param label true if it is good (desirable)
 * @param context tools and template variables, for messages
 * @param info origin, weight and unused columns
 */
public record BinaryRow(
    Passage prompt, Passage completion, boolean label, ChatContext context, RowInfo info)
    implements TypedRow {
  /** Checks that both passages are of the same kind. */
  public BinaryRow {
    Passage.checkSameKind(info.origin(), Map.of("completion", completion), prompt);
  }
}
