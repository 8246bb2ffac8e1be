package dev.temper.data;

import java.util.List;

/**
 * A row of supervised fine-tuning data, in TRL's column conventions.
 *
 * <p>The columns decide the type; a null cell counts as an absent column. These are the usual ones,
 * {@code docs/data.md} lists the formats of named data sets too. The first that fits is taken:
 *
 * <table>
 * <caption>Accepted columns</caption>
 * <tr><th>columns</th><th>type</th></tr>
 * <tr><td>{@code input_ids}, optional {@code labels}, {@code completion_mask}, {@code assistant_masks}</td><td>{@link TokenRow}</td></tr>
 * <tr><td>{@code messages} (role/content or ShareGPT's from/value)</td><td>{@link ChatRow}</td></tr>
 * <tr><td>{@code conversations} (ShareGPT), optional {@code system}</td><td>{@link ChatRow}</td></tr>
 * <tr><td>{@code prompt}, {@code completion} (both text, or both messages)</td><td>{@link PromptCompletionRow}</td></tr>
 * <tr><td>{@code text}</td><td>{@link TextRow}</td></tr>
 * <tr><td>{@code instruction}, {@code output}, optional {@code input}, {@code system}, {@code history} (Alpaca)</td>
 *     <td>{@link PromptCompletionRow} of messages</td></tr>
 * </table>
 *
 * <p>Every type may have {@code weight}; the conversational ones {@code tools} (a list of JSON
 * schemas, or that list as a JSON string) and {@code chat_template_kwargs}. All other columns are
 * kept in {@link RowInfo#extras}.
 *
 * <p>Messages are unmodifiable maps. Keys with null values other than {@code content} are dropped,
 * since columnar files fill every key of every message. ShareGPT's tags become roles: {@code human}
 * is user, {@code gpt} is assistant, {@code observation} is tool, {@code function_call} is an
 * assistant message with {@code tool_calls}; any other tag is taken as the role itself. (TRL
 * renames the keys only.)
 */
public sealed interface SftRow extends TypedRow
    permits TextRow, ChatRow, PromptCompletionRow, TokenRow {
  /**
   * Gives a row its type, for a row that holds one example.
   *
   * @throws DataException if no type fits the columns (the message lists both), a column has a
   *     wrong value, or the row holds several examples ({@link TypedRows} reads those)
   */
  static SftRow parse(Row row) {
    List<SftRow> rows = RowView.SFT.of(row, RowFormats.standard().read(row));
    if (rows.size() != 1) {
      throw new DataException(
          row.origin(),
          "the row holds " + rows.size() + " examples; read the file with TypedRows.load");
    }
    return rows.get(0);
  }
}
