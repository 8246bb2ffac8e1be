package dev.temper.generate;

import java.util.List;

/**
 * Bans the stop tokens until enough tokens have been generated. Stop strings are not affected.
 *
 * @param count number of generated tokens, prompt not counted, before which no stop token is
 *     allowed; at least 1
 * @param stopTokens ids to ban until then; at least one
 */
public record MinNewTokens(int count, List<Integer> stopTokens) implements LogitsProcessor {
  /** Copies and checks the settings. */
  public MinNewTokens {
    Checks.atLeast("min new tokens", count, 1, "leave the processor out to allow a stop at once");
    stopTokens = List.copyOf(stopTokens);
    Checks.check(
        !stopTokens.isEmpty(),
        "stop tokens of min new tokens",
        stopTokens,
        "at least one id",
        "name the end-of-sequence id");
    for (int id : stopTokens) {
      Checks.check(
          id >= 0, "stop token id", id, "0 or more", "take ids from the model's tokenizer");
    }
  }

  @Override
  public void process(float[] logits, TokenContext context) {
    if (context.newTokens() < count) {
      BannedTokens.ban(stopTokens, logits);
    }
  }
}
