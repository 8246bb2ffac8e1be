package dev.temper.text;

import java.util.Arrays;

/**
 * A prompt and its completion as one row of tokens.
 *
 * <p>The rule is TRL's: the prompt and the prompt with the completion are tokenised separately, and
 * what follows the prompt's ids is the completion. TRL only warns when the prompt's ids are not a
 * prefix (a token across the border); here the caller chooses.
 *
 * @param ids ids of the prompt followed by the completion {@code [N]}; do not write to it
 * @param promptLength how many of them belong to the prompt
 */
@SuppressWarnings("ArrayRecordComponent") // one id per token
public record PromptCompletion(int[] ids, int promptLength) {

  /** Checks that the prompt is not longer than the row. */
  public PromptCompletion {
    if (promptLength < 0 || promptLength > ids.length) {
      throw new IllegalArgumentException(
          "promptLength must be from 0 to " + ids.length + "; got " + promptLength);
    }
  }

  /** What to do when the prompt's ids are not the first ids of the row. */
  public enum PrefixMismatch {
    /** Fails, saying where the two part. */
    FAIL,
    /**
     * Takes the ids both have in common as the prompt, so that the token across the border is
     * trained.
     */
    SHARED_PREFIX
  }

  /**
   * Tokenises a rendered prompt and a rendered prompt with completion; no special tokens are added.
   *
   * @throws TokenizerException if the prompt's ids are not a prefix and {@code mismatch} is {@link
   *     PrefixMismatch#FAIL}
   */
  public static PromptCompletion encode(
      Tokenizer tokenizer, String prompt, String promptAndCompletion, PrefixMismatch mismatch) {
    int[] promptIds = tokenizer.ids(prompt);
    int[] ids = tokenizer.ids(promptAndCompletion);
    int differs = Arrays.mismatch(promptIds, ids);
    int shared = differs < 0 ? ids.length : differs;
    if (shared < promptIds.length && mismatch == PrefixMismatch.FAIL) {
      throw new TokenizerException(
          "the prompt's tokens are not the first tokens of prompt and completion: they part at token "
              + shared
              + " ('"
              + tokenizer.decode(Arrays.copyOfRange(promptIds, shared, promptIds.length), false)
              + "' against '"
              + tokenizer.decode(
                  Arrays.copyOfRange(ids, shared, Math.min(ids.length, shared + 4)), false)
              + "…'): move white space from the end of the prompt to the start of the completion, or choose SHARED_PREFIX");
    }
    return new PromptCompletion(ids, shared);
  }

  /** Ids of the prompt. */
  public int[] prompt() {
    return Arrays.copyOf(ids, promptLength);
  }

  /** Ids of the completion. */
  public int[] completion() {
    return Arrays.copyOfRange(ids, promptLength, ids.length);
  }

  /** 1 for the tokens of the completion, 0 for those of the prompt {@code [N]}. */
  public float[] weights() {
    float[] result = new float[ids.length];
    Arrays.fill(result, promptLength, ids.length, 1);
    return result;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PromptCompletion that
        && promptLength == that.promptLength
        && Arrays.equals(ids, that.ids);
  }

  @Override
  public int hashCode() {
    return 31 * promptLength + Arrays.hashCode(ids);
  }
}
