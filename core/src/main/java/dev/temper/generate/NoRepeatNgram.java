package dev.temper.generate;

/**
 * Bans every token that would complete an n-gram which already occurs in the context, prompt
 * included.
 *
 * @param size n, at least 1; 1 bans every id seen before
 */
public record NoRepeatNgram(int size) implements LogitsProcessor {
  /** Checks the range. */
  public NoRepeatNgram {
    Checks.atLeast("no-repeat-ngram size", size, 1, "leave it out to allow every n-gram");
  }

  @Override
  public void process(float[] logits, TokenContext context) {
    int prefix = size - 1;
    int suffixStart = context.length() - prefix;
    for (int start = 0; start < suffixStart; start++) {
      int matched = 0;
      while (matched < prefix
          && context.get(start + matched) == context.get(suffixStart + matched)) {
        matched++;
      }
      if (matched == prefix) {
        int id = context.get(start + prefix);
        RepetitionPenalty.checkId(id, start + prefix, logits.length);
        logits[id] = Float.NEGATIVE_INFINITY;
      }
    }
  }
}
