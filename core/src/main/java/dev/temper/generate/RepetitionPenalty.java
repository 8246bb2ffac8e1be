package dev.temper.generate;

/**
 * Makes the ids that occur in the context, prompt included, less likely: a positive logit is
 * divided by the penalty, a negative one multiplied by it. An id that occurs often is penalised
 * once.
 *
 * <p>Keskar et al., "CTRL", 2019, arXiv:1909.05858 (which divides negative logits too; multiplying
 * them, as transformers does, penalises them).
 *
 * @param penalty greater than 0; above 1 discourages repetition, below 1 encourages it, 1 changes
 *     nothing
 */
public record RepetitionPenalty(double penalty) implements LogitsProcessor {
  /** Checks the range. */
  public RepetitionPenalty {
    Checks.positiveFinite("repetition penalty", penalty, "1 changes nothing, 1.05 to 1.3 is usual");
  }

  @Override
  public void process(float[] logits, TokenContext context) {
    float factor = (float) penalty;
    if (factor == 1f) {
      return;
    }
    long[] seen = Scratch.get().marks(logits.length);
    for (int i = 0; i < context.length(); i++) {
      int id = context.get(i);
      checkId(id, i, logits.length);
      long bit = 1L << (id & 63);
      if ((seen[id >>> 6] & bit) == 0) {
        seen[id >>> 6] |= bit;
        logits[id] = logits[id] < 0 ? logits[id] * factor : logits[id] / factor;
      }
    }
  }

  /** An id of the context that the model cannot produce comes from another tokenizer. */
  static void checkId(int id, int position, int vocabulary) {
    if (id < 0 || id >= vocabulary) {
      throw new IllegalArgumentException(
          "token id "
              + id
              + " at position "
              + position
              + " is outside the vocabulary of "
              + vocabulary
              + " logits: use the model's own tokenizer");
    }
  }
}
