package dev.temper.generate;

import java.util.List;

/**
 * Never lets certain tokens be the first generated one: no empty answer, no leading space.
 *
 * @param ids at least one id, none negative
 */
public record BannedAtStart(List<Integer> ids) implements LogitsProcessor {
  /** Copies and checks the ids. */
  public BannedAtStart {
    ids = TokenIds.copy("tokens banned at the start", ids, "leave the processor out");
  }

  @Override
  public void process(float[] logits, TokenContext context) {
    if (context.newTokens() == 0) {
      BannedTokens.ban(ids, logits);
    }
  }
}
