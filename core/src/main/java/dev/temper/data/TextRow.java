package dev.temper.data;

/**
 * Raw text; every token is trained.
 *
 * @param text the text, tokenized as it stands
 * @param info origin, weight and unused columns
 */
public record TextRow(String text, RowInfo info) implements SftRow {}
