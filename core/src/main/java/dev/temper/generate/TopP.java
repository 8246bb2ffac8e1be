package dev.temper.generate;

/**
 * Nucleus sampling: keeps the smallest set of most likely tokens whose probability is at least p,
 * at least one token; bans the rest.
 *
 * <p>If some of several equally likely tokens must go, the larger ids go. (transformers leaves that
 * choice to an unstable sort.) Sums are in double precision; nothing is sorted, the cost is linear
 * in the vocabulary.
 *
 * <p>Holtzman et al., "The Curious Case of Neural Text Degeneration", 2020, arXiv:1904.09751.
 *
 * @param p in (0, 1]; 1 keeps every token
 */
public record TopP(double p) implements LogitsProcessor {
  /** Checks the range. */
  public TopP {
    Checks.check(
        p > 0 && p <= 1,
        "top-p",
        p,
        "in (0, 1]",
        "1 keeps every token; for the most likely token use Sampling.greedy()");
  }

  @Override
  public void process(float[] logits, TokenContext context) {
    int n = logits.length;
    if (p == 1) {
      return;
    }
    float max = Softmax.max(logits, n);
    if (max == Float.NEGATIVE_INFINITY) {
      return;
    }
    Scratch scratch = Scratch.get();
    double[] weights = scratch.weights(n);
    double target = p * Softmax.weights(logits, n, max, weights);
    int[] keys = scratch.keys(n);
    for (int i = 0; i < n; i++) {
      keys[i] = RadixSelection.key(logits[i]);
    }
    double[] massAbove = new double[1];
    int threshold = RadixSelection.threshold(keys, weights, n, target, massAbove, scratch);
    double mass = massAbove[0];
    boolean tied = false;
    for (int i = 0; i < n; i++) {
      int order = Integer.compareUnsigned(keys[i], threshold);
      if (order == 0 && (mass < target || !tied)) {
        mass += weights[i];
        tied = true;
      } else if (order <= 0) {
        logits[i] = Float.NEGATIVE_INFINITY;
      }
    }
  }
}
