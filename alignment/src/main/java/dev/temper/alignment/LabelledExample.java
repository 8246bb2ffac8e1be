package dev.temper.alignment;

import dev.temper.data.Origin;

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
}
