package dev.temper.data;

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
    if (prompt instanceof Passage.Text != completion instanceof Passage.Text) {
      throw new DataException(
          info.origin(),
          "columns \"prompt\" and \"completion\" must both be text or both be lists of messages");
    }
  }
}
