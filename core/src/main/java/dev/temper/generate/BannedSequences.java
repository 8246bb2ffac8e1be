package dev.temper.generate;

import java.util.List;

/**
 * Never lets certain sequences of ids be completed ("bad words"): bans the last id where the ids
 * before it, prompt included, are the beginning of the sequence.
 *
 * <p>A word usually has several tokenizations (with and without a space before it, in capitals):
 * ban each of them.
 *
 * @param sequences at least one, each with at least one id
 */
public record BannedSequences(List<List<Integer>> sequences) implements LogitsProcessor {
  /** Copies and checks the sequences. */
  public BannedSequences {
    Checks.check(
        !sequences.isEmpty(),
        "banned sequences",
        sequences,
        "at least one sequence",
        "leave the processor out to ban nothing");
    sequences =
        sequences.stream()
            .map(ids -> TokenIds.copy("banned sequence", ids, "name the ids of the sequence"))
            .toList();
  }

  @Override
  public void process(float[] logits, TokenContext context) {
    for (List<Integer> ids : sequences) {
      int last = TokenIds.require("banned token id", ids.get(ids.size() - 1), logits);
      if (SequenceBias.endsWith(context, ids, ids.size() - 1)) {
        logits[last] = Float.NEGATIVE_INFINITY;
      }
    }
  }
}
