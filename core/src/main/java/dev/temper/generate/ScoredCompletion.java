package dev.temper.generate;

/**
 * A completion found by a search, and how it compares with others.
 *
 * @param completion its ids, text and reason; indices count {@code prompt * returned + rank}
 * @param score sum of the log-probabilities of its ids, stop token included, divided by their
 *     number to the power of the length penalty; the prompt is not counted
 */
public record ScoredCompletion(Completion completion, double score) {}
