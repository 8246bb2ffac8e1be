package dev.temper.generate;

/**
 * Divides every logit by a temperature: below 1 sharpens the distribution, above 1 flattens it.
 *
 * @param value greater than 0; for the limit 0 use {@link Sampling#greedy()}
 */
public record Temperature(double value) implements LogitsProcessor {
  /** Checks the range. */
  public Temperature {
    Checks.positiveFinite("temperature", value, "for the most likely token use Sampling.greedy()");
  }

  @Override
  public void process(float[] logits, TokenContext context) {
    float divisor = (float) value;
    if (divisor == 1f) {
      return;
    }
    for (int i = 0; i < logits.length; i++) {
      logits[i] /= divisor;
    }
  }
}
