package dev.temper.generate;

/**
 * The rule by which tokens drawn from a draft's distribution q become tokens of the target's
 * distribution p: a drafted token x is kept with probability min(1, p(x) / q(x)); a refused one is
 * replaced by a draw from max(0, p - q), normalised. The result is distributed as p, exactly.
 *
 * <p>Leviathan et al., "Fast Inference from Transformers via Speculative Decoding", 2023,
 * arXiv:2211.17192, algorithm 1; Chen et al., 2023, arXiv:2302.01318.
 */
final class SpeculativeSampling {
  private SpeculativeSampling() {}

  /**
   * Whether a drafted token is kept.
   *
   * @param u uniform in [0, 1)
   */
  static boolean keeps(double[] p, double[] q, int token, double u) {
    return u * q[token] < p[token];
  }

  /**
   * The token in place of a refused one.
   *
   * @param u uniform in [0, 1), independent of the one that refused
   */
  static int replacement(double[] p, double[] q, double u) {
    double[] rest = new double[p.length];
    double sum = 0;
    for (int i = 0; i < p.length; i++) {
      rest[i] = Math.max(0, p[i] - q[i]);
      sum += rest[i];
    }
    // p = q but for rounding: nothing is left, and p is what is wanted.
    return sum > 0 ? Distribution.draw(rest, sum, u) : Distribution.draw(p, 1, u);
  }
}
