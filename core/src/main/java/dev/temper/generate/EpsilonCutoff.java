package dev.temper.generate;

/**
 * Bans the tokens whose probability is less than epsilon; the most likely token and its ties always
 * stay.
 *
 * <p>Hewitt et al., "Truncation Sampling as Language Model Desmoothing", 2022, arXiv:2210.15191.
 *
 * @param epsilon in (0, 1); 3e-4 to 9e-4 is usual
 */
public record EpsilonCutoff(double epsilon) implements LogitsProcessor {
  /** Checks the range. */
  public EpsilonCutoff {
    Checks.check(
        epsilon > 0 && epsilon < 1,
        "epsilon cutoff",
        epsilon,
        "in (0, 1)",
        "3e-4 to 9e-4 is usual");
  }

  @Override
  public void process(float[] logits, TokenContext context) {
    int n = logits.length;
    double max = Softmax.max(logits, n);
    if (max == Double.NEGATIVE_INFINITY) {
      return;
    }
    double[] weights = Scratch.get().weights(n);
    banBelow(logits, max, weights, epsilon * Softmax.weights(logits, n, max, weights));
  }

  /** Bans what weighs less than the threshold, but never the largest logit. */
  static void banBelow(float[] logits, double max, double[] weights, double threshold) {
    for (int i = 0; i < logits.length; i++) {
      if (weights[i] < threshold && logits[i] < max) {
        logits[i] = Float.NEGATIVE_INFINITY;
      }
    }
  }
}
