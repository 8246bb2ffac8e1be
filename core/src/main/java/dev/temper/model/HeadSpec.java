package dev.temper.model;

import java.util.OptionalDouble;

/** What a family's pretrained model ends in. */
public sealed interface HeadSpec {
  /**
   * Vocabulary scores: cap(scale · h Wᵀ).
   *
   * @param tied whether W is the token table
   * @param scale factor on the scores; 1 for most
   * @param softCap c of c · tanh(score / c); empty for none
   */
  record LanguageModel(boolean tied, double scale, OptionalDouble softCap) implements HeadSpec {
    /** Checks the numbers. */
    public LanguageModel {
      if (!(scale > 0) || (softCap.isPresent() && !(softCap.getAsDouble() > 0))) {
        throw new IllegalArgumentException(
            "scale " + scale + " and soft-cap " + softCap + " of the head must be positive");
      }
    }

    /** Plain scores. */
    public LanguageModel(boolean tied) {
      this(tied, 1, OptionalDouble.empty());
    }
  }

  /** An encoder: tanh(W h + b) of the first token is the pooled output (BERT). */
  record Pooler() implements HeadSpec {}
}
