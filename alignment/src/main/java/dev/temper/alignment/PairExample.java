package dev.temper.alignment;

import dev.temper.data.Origin;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A pair as token ids.
 *
 * @param prompt what both completions answer, at least one token
 * @param chosen the better completion, at least one token
 * @param rejected the worse one, at least one token
 * @param margin how much better, 0 if the data does not say
 * @param chosenScore a score of the better one, NaN if there is none
 * @param rejectedScore a score of the worse one, NaN if there is none
 * @param origin where it came from
 */
public record PairExample(
    int[] prompt,
    int[] chosen,
    int[] rejected,
    double margin,
    double chosenScore,
    double rejectedScore,
    Origin origin) {
  /** Checks that nothing is empty and the margin is a number. */
  public PairExample {
    if (prompt.length == 0 || chosen.length == 0 || rejected.length == 0) {
      throw new IllegalArgumentException(
          "a pair needs a token in the prompt ("
              + prompt.length
              + "), the chosen ("
              + chosen.length
              + ") and the rejected completion ("
              + rejected.length
              + ")");
    }
    if (!Double.isFinite(margin)) {
      throw new IllegalArgumentException("margin of a pair must be a finite number; got " + margin);
    }
  }

  /** A pair without margin and scores. */
  public static PairExample of(int[] prompt, int[] chosen, int[] rejected, Origin origin) {
    return new PairExample(prompt, chosen, rejected, 0, Double.NaN, Double.NaN, origin);
  }

  /** Tokens of a batch the pair takes: the prompt counts once. */
  public int size() {
    return prompt.length + chosen.length + rejected.length;
  }

  /** Whether both completions are the same. */
  public boolean isTie() {
    return Arrays.equals(chosen, rejected);
  }

  /** The prompt with both completions as its branches. */
  CompletionBatch.Branches branches() {
    return new CompletionBatch.Branches(prompt, List.of(chosen, rejected));
  }

  /** Within a length, each side by itself; empty if the prompt alone is that long. */
  Optional<PairExample> cut(int maxLength) {
    int room = maxLength - prompt.length;
    if (room <= 0) {
      return Optional.empty();
    }
    if (chosen.length <= room && rejected.length <= room) {
      return Optional.of(this);
    }
    return Optional.of(
        new PairExample(
            prompt,
            Arrays.copyOf(chosen, Math.min(room, chosen.length)),
            Arrays.copyOf(rejected, Math.min(room, rejected.length)),
            margin,
            chosenScore,
            rejectedScore,
            origin));
  }
}
