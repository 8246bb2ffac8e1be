package dev.temper.text;

/**
 * Whether encoding adds the tokens the tokenizer's post-processor puts around a text (such as
 * {@code <s>} or {@code [CLS] … [SEP]}).
 */
public enum AddSpecialTokens {
  /**
   * Adds nothing: the ids are those of the text. Right for rendered chats, whose template writes
   * the control tokens itself.
   */
  NO,
  /** Adds what tokenizer.json says, as transformers' default does. */
  YES
}
