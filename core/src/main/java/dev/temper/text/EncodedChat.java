package dev.temper.text;

import java.util.Arrays;
import java.util.List;

/**
 * A chat as tokens with the weight of each token in the loss.
 *
 * @param text the rendered chat
 * @param ids token ids {@code [N]}; do not write to it
 * @param weights weight of predicting each token {@code [N]}, 0 for tokens that are not trained; do
 *     not write to it
 * @param turns where the messages lie whose place had to be found (those trained, or all for {@link
 *     EndOfTurn#ALL})
 */
@SuppressWarnings("ArrayRecordComponent") // one number per token
public record EncodedChat(String text, int[] ids, float[] weights, List<TurnTokens> turns) {

  /** Checks the lengths and copies the list. */
  public EncodedChat {
    if (ids.length != weights.length) {
      throw new IllegalArgumentException(
          "ids and weights must have one length; got " + ids.length + " and " + weights.length);
    }
    turns = List.copyOf(turns);
  }

  /**
   * The tokens of a message: content and end of turn.
   *
   * @param message index of the message
   * @param first first token
   * @param past past-last token
   * @param endOfTurn index of the (first) end-of-turn token, -1 if the template writes none
   */
  public record TurnTokens(int message, int first, int past, int endOfTurn) {}

  /** What cutting a chat to a maximal length did to what is trained. */
  public enum Outcome {
    /** Every trained token is still there. */
    UNCHANGED,
    /** Some trained tokens are gone, and with them the end of an answer. */
    ANSWER_CUT,
    /** No trained token is left: the example must be dropped. */
    NOTHING_LEFT
  }

  /**
   * A cut chat.
   *
   * @param chat the first tokens
   * @param outcome what was lost
   */
  public record Truncated(EncodedChat chat, Outcome outcome) {}

  /** The number of tokens with a weight other than 0. */
  public int trainable() {
    int count = 0;
    for (float w : weights) {
      count += w != 0 ? 1 : 0;
    }
    return count;
  }

  /**
   * Keeps the first {@code maxLength} tokens and says what was lost; it is for the caller to drop,
   * fail or keep.
   */
  public Truncated truncate(int maxLength) {
    if (maxLength < 1) {
      throw new IllegalArgumentException("maxLength must be at least 1; got " + maxLength);
    }
    if (ids.length <= maxLength) {
      return new Truncated(this, trainable() == 0 ? Outcome.NOTHING_LEFT : Outcome.UNCHANGED);
    }
    List<TurnTokens> whole = turns.stream().filter(t -> t.past() <= maxLength).toList();
    EncodedChat cut =
        new EncodedChat(
            text, Arrays.copyOf(ids, maxLength), Arrays.copyOf(weights, maxLength), whole);
    int left = cut.trainable();
    return new Truncated(
        cut,
        left == 0
            ? Outcome.NOTHING_LEFT
            : left == trainable() ? Outcome.UNCHANGED : Outcome.ANSWER_CUT);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EncodedChat that
        && text.equals(that.text)
        && Arrays.equals(ids, that.ids)
        && Arrays.equals(weights, that.weights)
        && turns.equals(that.turns);
  }

  @Override
  public int hashCode() {
    return 31 * text.hashCode() + Arrays.hashCode(ids);
  }
}
