package dev.temper.generate;

import java.util.List;

/**
 * Makes every completion begin with certain tokens: a language token, an opening brace, a thought.
 * They are part of the completion, count towards its length, and win over bans.
 *
 * <p>To continue text that is not part of the completion put it into the prompt; for the last
 * message of a chat see {@link dev.temper.text.ChatTemplate.Continuation}.
 *
 * @param ids at least one id, none negative
 */
public record ForcedPrefix(List<Integer> ids) implements LogitsProcessor {
  /** Copies and checks the ids. */
  public ForcedPrefix {
    ids = TokenIds.copy("forced prefix", ids, "leave the processor out to force nothing");
  }

  @Override
  public void process(float[] logits, TokenContext context) {
    int at = context.newTokens();
    if (at < ids.size()) {
      TokenIds.keepOnly("forced token id", List.of(ids.get(at)), logits);
    }
  }
}
