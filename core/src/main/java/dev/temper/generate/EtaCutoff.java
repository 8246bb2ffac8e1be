package dev.temper.generate;

/**
 * Eta sampling: bans the tokens whose probability is less than min(epsilon, sqrt(epsilon) exp(-H)),
 * H the entropy of the distribution; the most likely token and its ties always stay.
 *
 * <p>Hewitt et al., "Truncation Sampling as Language Model Desmoothing", 2022, arXiv:2210.15191.
 *
 * @param epsilon in (0, 1); 3e-4 to 4e-3 is usual
 */
public record EtaCutoff(double epsilon) implements LogitsProcessor {
  /** Checks the range. */
  public EtaCutoff {
    Checks.check(
        epsilon > 0 && epsilon < 1, "eta cutoff", epsilon, "in (0, 1)", "3e-4 to 4e-3 is usual");
  }

  @Override
  public void process(float[] logits, TokenContext context) {
    int n = logits.length;
    double max = Softmax.max(logits, n);
    if (max == Double.NEGATIVE_INFINITY) {
      return;
    }
    double[] weights = Scratch.get().weights(n);
    double sum = Softmax.weights(logits, n, max, weights);
    double entropy = Softmax.entropy(logits, n, max, weights, sum);
    double eta = Math.min(epsilon, Math.sqrt(epsilon) * Math.exp(-entropy));
    EpsilonCutoff.banBelow(logits, max, weights, eta * sum);
  }
}
