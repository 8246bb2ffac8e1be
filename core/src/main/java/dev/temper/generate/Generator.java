package dev.temper.generate;

import java.util.List;

/**
 * Continues prompts: a model in this process, or a server.
 *
 * <p>For the same options, seed included, a completion depends on its prompt and its index only,
 * not on how prompts are put into batches.
 */
public interface Generator {
  /**
   * Generates {@link GenerationOptions#completionsPerPrompt()} completions for each prompt.
   *
   * <p>Interrupting the generating thread ends all unfinished completions with {@link
   * FinishReason#CANCELLED}; they are returned with what they have, and the thread stays
   * interrupted.
   *
   * @param prompts token ids, each with at least one id and shorter than the model's context
   * @param options what to generate
   * @param listener called for every token; an exception it throws ends the call
   * @return all completions ordered by {@link Completion#index()}: those of the first prompt first
   * @throws dev.temper.UserException if a prompt is empty, too long or holds an id outside the
   *     vocabulary, or the model's logits are not usable
   */
  List<Completion> generate(List<int[]> prompts, GenerationOptions options, TokenListener listener);

  /** Generates without following the tokens. */
  default List<Completion> generate(List<int[]> prompts, GenerationOptions options) {
    return generate(prompts, options, TokenListener.none());
  }
}
