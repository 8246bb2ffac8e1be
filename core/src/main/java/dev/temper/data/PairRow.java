package dev.temper.data;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A prompt with a preferred and a rejected completion.
 *
 * <p>The prompt is always explicit: of data that repeats it in both completions, {@link
 * SharedPrompt} has taken it out.
 *
 * @param prompt given; of the same kind as the completions. Empty text, or no message, if the data
 *     has none
 * @param chosen the preferred completion
 * @param rejected the other one
 * @param scores scores and margin, as far as the data has them
 * @param context tools and template variables, for messages
 * @param info origin, weight and unused columns
 */
public record PairRow(
    Passage prompt,
    Passage chosen,
    Passage rejected,
    PreferenceScores scores,
    ChatContext context,
    RowInfo info)
    implements TypedRow {
  /** Checks that all three passages are of the same kind. */
  public PairRow {
    Passage.checkSameKind(info.origin(), Map.of("chosen", chosen, "rejected", rejected), prompt);
  }

  /** The prompt with the chosen completion, to fine-tune on. */
  public PromptCompletionRow preferred() {
    return new PromptCompletionRow(prompt, chosen, context, info);
  }

  /**
   * The two completions apart, the chosen one first, as TRL's {@code unpair_preference_dataset}
   * gives them.
   */
  public List<BinaryRow> unpaired() {
    return List.of(
        new BinaryRow(prompt, chosen, true, context, info),
        new BinaryRow(prompt, rejected, false, context, info));
  }

  /**
   * The prompt alone; the completions are kept in the extras {@code chosen} and {@code rejected}.
   */
  public PromptRow promptOnly() {
    Map<String, @Nullable Object> extras = new LinkedHashMap<>(info.extras());
    extras.put("chosen", chosen.value());
    extras.put("rejected", rejected.value());
    return new PromptRow(prompt, context, info.withExtras(extras));
  }
}
