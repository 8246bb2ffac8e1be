package dev.temper.generate;

/**
 * Keeps the k tokens with the largest logits and all that tie with the last of them, so that more
 * than k may survive; bans the rest.
 *
 * @param k at least 1; at or above the vocabulary's size nothing is banned
 */
public record TopK(int k) implements LogitsProcessor {
  /** Checks the range. */
  public TopK {
    Checks.atLeast("top-k", k, 1, "leave top-k out to keep every token");
  }

  @Override
  public void process(float[] logits, TokenContext context) {
    int n = logits.length;
    if (k >= n) {
      return;
    }
    Scratch scratch = Scratch.get();
    int[] keys = scratch.keys(n);
    for (int i = 0; i < n; i++) {
      keys[i] = RadixSelection.key(logits[i]);
    }
    int threshold = RadixSelection.threshold(keys, null, n, k, new double[1], scratch);
    for (int i = 0; i < n; i++) {
      if (Integer.compareUnsigned(keys[i], threshold) < 0) {
        logits[i] = Float.NEGATIVE_INFINITY;
      }
    }
  }
}
