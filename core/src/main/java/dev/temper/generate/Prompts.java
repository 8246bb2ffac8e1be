package dev.temper.generate;

import dev.temper.UserException;
import dev.temper.model.CausalLm;

/** What every way of generating asks of a prompt. */
final class Prompts {
  private Prompts() {}

  /**
   * Returns the prompt.
   *
   * @throws UserException if it is empty or leaves no room in the model's context
   */
  static int[] check(CausalLm model, int[] prompt, int index) {
    if (prompt.length == 0) {
      throw new UserException(
          "prompt "
              + index
              + " is empty: give at least one token (a beginning-of-text token will do)");
    }
    int context = model.spec().contextLength();
    if (prompt.length >= context) {
      throw new UserException(
          "prompt "
              + index
              + " has "
              + prompt.length
              + " tokens and leaves no room in the model's context of "
              + context);
    }
    return prompt;
  }
}
