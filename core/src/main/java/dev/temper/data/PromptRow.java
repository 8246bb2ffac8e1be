package dev.temper.data;

/**
 * A prompt to generate from; what a reward function needs besides (a reference answer, a test) is
 * in {@link RowInfo#extras}.
 *
 * @param prompt text or messages
 * @param context tools and template variables, for messages
 * @param info origin, weight and unused columns
 */
public record PromptRow(Passage prompt, ChatContext context, RowInfo info) implements TypedRow {}
