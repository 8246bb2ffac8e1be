package dev.temper.alignment;

import dev.temper.data.Origin;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A completion with a label, as token ids.
 *
 * @param prompt at least one token
 * @param completion at least one token
 * @param desirable whether it is a good one
 * @param score how good it is, NaN if the data does not say
 * @param origin where it came from
 */
public record LabelledExample(
    int[] prompt, int[] completion, boolean desirable, double score, Origin origin) {
  /** Checks that nothing is empty. */
  public LabelledExample {
    if (prompt.length == 0 || completion.length == 0) {
      throw new IllegalArgumentException(
          "a labelled completion needs a token in the prompt ("
              + prompt.length
              + ") and in the completion ("
              + completion.length
              + ")");
    }
  }

  /** Tokens of a batch it takes. */
  public int size() {
    return prompt.length + completion.length;
  }

  /** The prompt with its completion. */
  CompletionBatch.Branches branches() {
    return new CompletionBatch.Branches(prompt, List.of(completion));
  }

  /** Within a length; empty if the prompt alone is that long. */
  Optional<LabelledExample> cut(int maxLength) {
    int room = maxLength - prompt.length;
    if (room <= 0) {
      return Optional.empty();
    }
    return Optional.of(
        completion.length <= room
            ? this
            : new LabelledExample(
                prompt, Arrays.copyOf(completion, room), desirable, score, origin));
  }
}
