package dev.temper.generate;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Never lets certain tokens be chosen.
 *
 * @param ids at least one id, none negative
 */
public record BannedTokens(List<Integer> ids) implements LogitsProcessor {
  /** Copies and checks the ids. */
  public BannedTokens {
    ids = List.copyOf(ids);
    Checks.check(
        !ids.isEmpty(),
        "banned tokens",
        ids,
        "at least one id",
        "leave the processor out to ban nothing");
    for (int id : ids) {
      Checks.check(
          id >= 0, "banned token id", id, "0 or more", "take ids from the model's tokenizer");
    }
  }

  /** Bans the given ids. */
  public static BannedTokens of(int... ids) {
    return new BannedTokens(IntStream.of(ids).boxed().toList());
  }

  @Override
  public void process(float[] logits, TokenContext context) {
    ban(ids, logits);
  }

  static void ban(List<Integer> ids, float[] logits) {
    for (int i = 0; i < ids.size(); i++) {
      int id = ids.get(i);
      if (id >= logits.length) {
        throw new IllegalArgumentException(
            "banned token id "
                + id
                + " is outside the vocabulary of "
                + logits.length
                + " logits: take ids from the model's tokenizer");
      }
      logits[id] = Float.NEGATIVE_INFINITY;
    }
  }
}
