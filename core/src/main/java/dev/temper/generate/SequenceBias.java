package dev.temper.generate;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Adds a bias to the token that would complete a sequence of ids: above 0 makes the sequence more
 * likely, below 0 less. A sequence of one id is biased everywhere; of a longer one, only the last
 * id is, where the ids before it (prompt included) are its beginning. Biases that meet in one token
 * are added.
 *
 * @param biases finite bias of each sequence, which has at least one id
 */
public record SequenceBias(Map<List<Integer>, Double> biases) implements LogitsProcessor {
  /** Copies and checks the biases. */
  public SequenceBias {
    Checks.check(
        !biases.isEmpty(),
        "sequence bias",
        biases,
        "at least one sequence",
        "leave the processor out to bias nothing");
    Map<List<Integer>, Double> copy = new LinkedHashMap<>();
    biases.forEach(
        (ids, bias) -> {
          Checks.check(
              Double.isFinite(bias),
              "sequence bias",
              bias,
              "finite",
              "to ban a sequence use BannedSequences");
          copy.put(TokenIds.copy("biased sequence", ids, "name the ids of the sequence"), bias);
        });
    biases = java.util.Collections.unmodifiableMap(copy);
  }

  @Override
  public void process(float[] logits, TokenContext context) {
    biases.forEach(
        (ids, bias) -> {
          int last = TokenIds.require("biased token id", ids.get(ids.size() - 1), logits);
          if (endsWith(context, ids, ids.size() - 1)) {
            logits[last] += bias.floatValue();
          }
        });
  }

  /** Whether the context ends with the first {@code n} of the ids. */
  static boolean endsWith(TokenContext context, List<Integer> ids, int n) {
    int start = context.length() - n;
    if (start < 0) {
      return false;
    }
    for (int i = 0; i < n; i++) {
      if (context.get(start + i) != ids.get(i)) {
        return false;
      }
    }
    return true;
  }
}
