package dev.temper.generate;

import java.util.List;

/** Checks of token ids in settings. */
final class TokenIds {
  private TokenIds() {}

  /** A checked copy: at least one id, none negative. */
  static List<Integer> copy(String name, List<Integer> ids, String fix) {
    List<Integer> copy = List.copyOf(ids);
    Checks.check(!copy.isEmpty(), name, copy, "at least one id", fix);
    for (int id : copy) {
      Checks.check(id >= 0, name, copy, "ids of 0 or more", "take ids from the model's tokenizer");
    }
    return copy;
  }

  /** Refuses an id that has no logit. */
  static int require(String name, int id, float[] logits) {
    if (id >= logits.length) {
      throw new IllegalArgumentException(
          name
              + " "
              + id
              + " is outside the vocabulary of "
              + logits.length
              + " logits: take ids from the model's tokenizer");
    }
    return id;
  }

  /** Bans every token but these. */
  static void keepOnly(String name, List<Integer> ids, float[] logits) {
    float[] kept = new float[ids.size()];
    for (int i = 0; i < kept.length; i++) {
      kept[i] = logits[require(name, ids.get(i), logits)];
    }
    java.util.Arrays.fill(logits, Float.NEGATIVE_INFINITY);
    boolean any = false;
    for (int i = 0; i < kept.length; i++) {
      logits[ids.get(i)] = kept[i];
      any |= kept[i] > Float.NEGATIVE_INFINITY;
    }
    if (!any) {
      // What is forced wins over what an earlier processor banned.
      for (int id : ids) {
        logits[id] = 0;
      }
    }
  }
}
