package dev.temper.generate;

import java.util.List;

/**
 * Makes a completion that reaches a length end with a stop token, which wins over bans.
 *
 * @param maxNewTokens generated tokens, the stop token included; at least 1
 * @param stopTokens the ids one of which comes last
 */
public record ForcedEnd(int maxNewTokens, List<Integer> stopTokens) implements LogitsProcessor {
  /** Copies and checks the settings. */
  public ForcedEnd {
    Checks.atLeast("max new tokens", maxNewTokens, 1, "the stop token itself counts");
    stopTokens = TokenIds.copy("stop tokens", stopTokens, "name the end-of-sequence id");
  }

  @Override
  public void process(float[] logits, TokenContext context) {
    if (context.newTokens() == maxNewTokens - 1) {
      TokenIds.keepOnly("stop token id", stopTokens, logits);
    }
  }
}
