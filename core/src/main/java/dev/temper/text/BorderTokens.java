package dev.temper.text;

/**
 * What to do with a token that holds both the end of a header and the start of an answer (or of an
 * answer and what follows it). It happens when an answer starts with blank lines or spaces that
 * merge with the header's newline.
 */
public enum BorderTokens {
  /** Fails with the message's index, so that the data or the template can be corrected. */
  FAIL,
  /** Trains the token, as transformers does. */
  TRAIN,
  /** Leaves the token out. */
  SKIP
}
