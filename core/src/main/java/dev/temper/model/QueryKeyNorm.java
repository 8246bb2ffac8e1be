package dev.temper.model;

/** Normalisation of queries and keys before rotation. */
public sealed interface QueryKeyNorm {
  /** None. */
  record None() implements QueryKeyNorm {}

  /** Over each head's d entries, the same weights for all heads (Qwen3, Gemma 3). */
  record PerHead(Norm norm) implements QueryKeyNorm {}

  /** Over the whole projection, all heads together (OLMo 2). */
  record WholeProjection(Norm norm) implements QueryKeyNorm {}
}
