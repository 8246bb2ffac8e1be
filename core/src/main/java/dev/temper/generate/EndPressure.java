package dev.temper.generate;

import java.util.List;

/**
 * Makes the end more likely with every token beyond a length: a stop token's logit z becomes z +
 * |z| (factor^n - 1), n the number of tokens beyond it. ({@code exponential_decay_length_penalty}
 * of transformers.)
 *
 * @param start generated tokens after which the pressure begins; 0 or more
 * @param factor above 1 pushes towards the end, below 1 away from it; greater than 0
 * @param stopTokens the ids of the end
 */
public record EndPressure(int start, double factor, List<Integer> stopTokens)
    implements LogitsProcessor {
  /** Copies and checks the settings. */
  public EndPressure {
    Checks.atLeast("start of the end pressure", start, 0, "count generated tokens from 0");
    Checks.positiveFinite("factor of the end pressure", factor, "1.01 to 1.5 is usual");
    stopTokens = TokenIds.copy("stop tokens", stopTokens, "name the end-of-sequence id");
  }

  @Override
  public void process(float[] logits, TokenContext context) {
    int beyond = context.newTokens() - start;
    if (beyond <= 0) {
      return;
    }
    double growth = Math.pow(factor, beyond) - 1;
    for (int id : stopTokens) {
      float z = logits[TokenIds.require("stop token id", id, logits)];
      if (z > Float.NEGATIVE_INFINITY) {
        logits[id] = (float) Math.min(z + Math.abs(z) * growth, Float.MAX_VALUE);
      }
    }
  }
}
