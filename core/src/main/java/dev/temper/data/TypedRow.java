package dev.temper.data;

/**
 * A row of training data of any kind: the one family every reader and {@link RowFormat} ends in.
 *
 * <table>
 * <caption>Kinds</caption>
 * <tr><th>type</th><th>content</th><th>trains</th></tr>
 * <tr><td>{@link TextRow}</td><td>raw text</td><td rowspan="4">SFT ({@link SftRow})</td></tr>
 * <tr><td>{@link TokenRow}</td><td>token ids</td></tr>
 * <tr><td>{@link PromptCompletionRow}</td><td>a prompt and its completion</td></tr>
 * <tr><td>{@link ChatRow}</td><td>a conversation</td></tr>
 * <tr><td>{@link PairRow}</td><td>a prompt, a chosen and a rejected completion</td><td>DPO and its family, reward models</td></tr>
 * <tr><td>{@link RankedRow}</td><td>a prompt and completions with scores</td><td>ranking losses, and what pairs train</td></tr>
 * <tr><td>{@link BinaryRow}</td><td>a prompt, a completion, good or bad</td><td>KTO, BCO</td></tr>
 * <tr><td>{@link StepwiseRow}</td><td>a problem and a solution in labelled steps</td><td>process reward models</td></tr>
 * <tr><td>{@link PromptRow}</td><td>a prompt alone</td><td>methods that generate: GRPO, PPO, RLOO, online DPO</td></tr>
 * </table>
 *
 * <p>Each kind is text or a conversation ({@link Passage}). A trainer takes the kinds it can use
 * through a {@link RowView}.
 */
public sealed interface TypedRow
    permits SftRow, PromptRow, PairRow, RankedRow, BinaryRow, StepwiseRow {
  /** Origin, weight and unused columns. */
  RowInfo info();

  /** Where the row stands, for messages. */
  default Origin origin() {
    return info().origin();
  }
}
