package dev.temper.text;

import dev.temper.text.jinja.Span;

/** Where one message of a chat stands in the rendered text, or why that cannot be said. */
public sealed interface MessageSpan {

  /** The index of the message in the chat. */
  int message();

  /** The role of the message. */
  String role();

  /**
   * A message that was found.
   *
   * @param content what the template made of its content, without header and end of turn. For an
   *     assistant it starts where the generation prompt ends: it is what the model has to write.
   * @param endOfTurn what follows the content in every message of that role, such as {@code
   *     <|im_end|>}, without trailing whitespace; it starts where {@code content} ends and may be
   *     empty
   */
  record Located(int message, String role, Span content, Span endOfTurn) implements MessageSpan {
    /** Content and end of turn together. */
    public Span whole() {
      return new Span(content.start(), endOfTurn.end());
    }
  }

  /**
   * A message whose place is not certain. Training must not guess it.
   *
   * @param reason what does not fit, and what to do
   */
  record Unlocated(int message, String role, String reason) implements MessageSpan {}
}
