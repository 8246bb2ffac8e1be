package dev.temper.generate;

/**
 * Bans the tokens whose probability is less than p times that of the most likely token.
 *
 * <p>Nguyen et al., "Turning Up the Heat: Min-p Sampling for Creative and Coherent LLM Outputs",
 * 2025, arXiv:2407.01082.
 *
 * @param p in [0, 1]; 0 keeps every token, 1 keeps the most likely token and its ties
 */
public record MinP(double p) implements LogitsProcessor {
  /** Checks the range. */
  public MinP {
    Checks.check(
        p >= 0 && p <= 1, "min-p", p, "in [0, 1]", "0 keeps every token; 0.05 to 0.1 is usual");
  }

  @Override
  public void process(float[] logits, TokenContext context) {
    double max = Softmax.max(logits, logits.length);
    // p_i < p * p_max, in logits: no exponential is needed.
    double difference = Math.log(p);
    for (int i = 0; i < logits.length; i++) {
      if (logits[i] - max < difference) {
        logits[i] = Float.NEGATIVE_INFINITY;
      }
    }
  }
}
