package dev.temper.text;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A chat together with the template that renders it: all that finding its messages in the text needs. */
interface Transcript {
  /** The messages in order. */
  List<TrainOn.Turn> turns();

  /**
   * The content of a message, if that is plain text and all the template can write of the message; empty for content in parts, and for
   * messages with tool calls or reasoning.
   */
  Optional<String> content(int message);

  /** The whole chat, with the contents of some messages replaced. */
  Rendered render(Map<Integer, String> contents);

  /** The first {@code count} messages, and the header of the answer to come if {@code generationPrompt}. */
  Rendered renderFirst(int count, boolean generationPrompt);

  /** Whether the template marks what the model writes ({@code {% generation %}}). */
  boolean marksGeneration();

  /**
   * A rendered chat.
   *
   * @param text its text
   * @param generation the ranges inside {@code {% generation %}} blocks
   */
  record Rendered(String text, List<Span> generation) {}
}
