package dev.temper.data;

/**
 * A row that was tokenized before.
 *
 * <p>A token is trained only if everything the row says allows it: its label is not -100 and each
 * mask that is present has 1 there. Unlike TRL, whose trainer reads {@code completion_mask} only
 * with {@code completion_only_loss=True}, a mask in the data is always obeyed.
 *
 * @param example ids and, per token, 1 where it is trained and 0 elsewhere; the row's weight is not
 *     multiplied in
 * @param info origin, weight and unused columns
 */
public record TokenRow(TokenExample example, RowInfo info) implements SftRow {}
