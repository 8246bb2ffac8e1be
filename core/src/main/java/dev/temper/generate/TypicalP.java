package dev.temper.generate;

/**
 * Locally typical sampling: keeps the tokens whose information content is closest to the entropy of
 * the distribution until their probability is at least p, with all that tie with the last of them;
 * bans the rest.
 *
 * <p>The distance of a token is |-log p_i - H|. It may ban the most likely token.
 *
 * <p>Meister et al., "Locally Typical Sampling", 2023, arXiv:2202.00666.
 *
 * @param p in (0, 1]; 1 keeps every token
 */
public record TypicalP(double p) implements LogitsProcessor {
  /** Checks the range. */
  public TypicalP {
    Checks.check(
        p > 0 && p <= 1, "typical-p", p, "in (0, 1]", "1 keeps every token; 0.2 to 0.95 is usual");
  }

  @Override
  public void process(float[] logits, TokenContext context) {
    int n = logits.length;
    double max = Softmax.max(logits, n);
    if (p == 1 || max == Double.NEGATIVE_INFINITY) {
      return;
    }
    Scratch scratch = Scratch.get();
    double[] weights = scratch.weights(n);
    double sum = Softmax.weights(logits, n, max, weights);
    double entropy = Softmax.entropy(logits, n, max, weights, sum);
    double logTotal = max + Math.log(sum);
    int[] keys = scratch.keys(n);
    for (int i = 0; i < n; i++) {
      // Single precision on purpose: distances that differ by rounding only are ties.
      keys[i] = RadixSelection.key((float) -Math.abs(logTotal - logits[i] - entropy));
    }
    int threshold = RadixSelection.threshold(keys, weights, n, p * sum, new double[1], scratch);
    for (int i = 0; i < n; i++) {
      if (Integer.compareUnsigned(keys[i], threshold) < 0) {
        logits[i] = Float.NEGATIVE_INFINITY;
      }
    }
  }
}
