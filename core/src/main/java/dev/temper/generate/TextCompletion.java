package dev.temper.generate;

import java.util.List;

/**
 * One generated text.
 *
 * @param index position in the list: {@code prompt * completionsPerPrompt + number within the
 *     group}
 * @param text what was generated, without special tokens, cut at a stop string
 * @param tokens its tokens with their log-probabilities; empty if the request did not ask for them
 * @param finishReason why it ended; most servers do not tell a stop string from a stop token, and
 *     both are {@link FinishReason#STOP_TOKEN} then
 */
public record TextCompletion(
    int index, String text, List<Token> tokens, FinishReason finishReason) {
  /** Copies the tokens. */
  public TextCompletion {
    Checks.atLeast("completion index", index, 0, "count from 0");
    tokens = List.copyOf(tokens);
  }

  /**
   * A token as text.
   *
   * @param text its text alone; bytes that are no whole character are shown as the generator shows
   *     them
   * @param logProb nats, under the model's own distribution
   */
  public record Token(String text, double logProb) {}
}
