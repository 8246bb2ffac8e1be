package dev.temper.generate;

import java.util.Arrays;

/**
 * One generated continuation of a prompt.
 *
 * <p>The arrays belong to the completion: they are neither copied nor changed, and must not be
 * changed by others.
 *
 * @param index position in the list of completions: {@code prompt * completionsPerPrompt + number
 *     within the group}
 * @param ids generated ids without the prompt; with the stop token if one ended it, and with all
 *     tokens of a stop string
 * @param text decoded ids without special tokens, cut at the stop string if one was found
 * @param logProbs one per id, nats, see {@link Sampled#logProb()}; empty if the request did not ask
 *     for them
 * @param rawLogProbs one per id, nats, see {@link Sampled#rawLogProb()}; empty if the request did
 *     not ask for them
 * @param finishReason why it ended
 */
@SuppressWarnings(
    "ArrayRecordComponent") // token ids and log-probabilities are arrays everywhere; equals and
// hashCode compare contents
public record Completion(
    int index,
    int[] ids,
    String text,
    float[] logProbs,
    float[] rawLogProbs,
    FinishReason finishReason) {
  /** Checks that the arrays fit together. */
  public Completion {
    Checks.atLeast("completion index", index, 0, "count from 0");
    checkLength("logProbs", logProbs, ids.length);
    checkLength("rawLogProbs", rawLogProbs, ids.length);
  }

  /** A completion without log-probabilities. */
  public Completion(int index, int[] ids, String text, FinishReason finishReason) {
    this(index, ids, text, new float[0], new float[0], finishReason);
  }

  private static void checkLength(String name, float[] values, int ids) {
    if (values.length != 0 && values.length != ids) {
      throw new IllegalArgumentException(
          name
              + " has "
              + values.length
              + " entries for "
              + ids
              + " ids: give one per id, or none");
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Completion that
        && index == that.index
        && Arrays.equals(ids, that.ids)
        && text.equals(that.text)
        && Arrays.equals(logProbs, that.logProbs)
        && Arrays.equals(rawLogProbs, that.rawLogProbs)
        && finishReason == that.finishReason;
  }

  @Override
  public int hashCode() {
    return 31 * (31 * index + Arrays.hashCode(ids)) + text.hashCode();
  }

  @Override
  public String toString() {
    return "Completion["
        + index
        + ", "
        + ids.length
        + " tokens, "
        + finishReason
        + ", \""
        + text
        + "\"]";
  }
}
