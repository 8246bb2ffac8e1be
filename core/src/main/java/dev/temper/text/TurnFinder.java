package dev.temper.text;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Finds messages in the text a template made of them, exactly or not at all.
 *
 * <p>The model's own messages are where {@code {% generation %}} says. Others are found by rendering the chat once more with a mark in place
 * of each content: the pieces between the marks must be found, in order and nothing else between them but the contents, in the real text.
 * A message with tool calls or reasoning is what the text grows by when the message is added after its header.
 */
final class TurnFinder {
  private static final char MARK = '\uE000';

  private final Transcript chat;
  private final List<AddedToken> addedTokens;
  private final String text;
  private final List<Span> generation;

  TurnFinder(Transcript chat, List<AddedToken> addedTokens, Transcript.Rendered rendered) {
    this.chat = chat;
    this.addedTokens = addedTokens.stream().sorted(Comparator.comparingInt((AddedToken t) -> t.content().length()).reversed()).toList();
    this.text = rendered.text();
    this.generation = rendered.generation().stream().filter(s -> s.length() > 0).toList();
  }

  /**
   * Where a message lies.
   *
   * @param message its index
   * @param body what the model would write, without the end of turn (or all of a generation block)
   * @param end the end-of-turn token, if there is one
   */
  record Place(int message, Span body, Optional<End> end) {}

  /**
   * An end-of-turn token in the text.
   *
   * @param span where it lies
   * @param token which it is
   */
  record End(Span span, AddedToken token) {}

  Map<Integer, Place> find(Set<Integer> wanted) {
    Map<Integer, Place> places = new TreeMap<>();
    Map<Integer, Span> blocks = chat.marksGeneration() ? generationBlocks(wanted) : Map.of();
    Map<Integer, String> marks = new TreeMap<>();
    for (int message : wanted) {
      Span block = blocks.get(message);
      if (block != null) {
        places.put(message, new Place(message, block, endOf(block)));
      } else if (chat.content(message).isPresent()) {
        marks.put(message, mark(message));
      } else {
        places.put(message, grown(message));
      }
    }
    contents(marks).forEach((message, body) -> places.put(message, new Place(message, body, endAt(body.end()))));
    return places;
  }

  /** Generation blocks by assistant message; the two must be equally many to be paired. */
  private Map<Integer, Span> generationBlocks(Set<Integer> wanted) {
    List<Integer> assistants = new ArrayList<>();
    for (int i = 0; i < chat.turns().size(); i++) {
      if (chat.turns().get(i).role().equals(TrainOn.ASSISTANT)) {
        assistants.add(i);
      }
    }
    Map<Integer, Span> result = new HashMap<>();
    if (generation.size() != assistants.size()) {
      int first = assistants.stream().filter(wanted::contains).findFirst().orElse(-1);
      if (first >= 0) {
        throw new ChatMaskException(
            first, "the template marks " + generation.size() + " generated pieces for " + assistants.size()
                + " assistant messages, so they cannot be told apart; train on all assistant messages, or use a template that marks each one");
      }
      return result;
    }
    for (int i = 0; i < assistants.size(); i++) {
      result.put(assistants.get(i), generation.get(i));
    }
    return result;
  }

  private String mark(int message) {
    String mark = MARK + "m" + message + MARK;
    while (text.contains(mark)) {
      mark = MARK + mark;
    }
    return mark;
  }

  private Map<Integer, Span> contents(Map<Integer, String> marks) {
    Map<Integer, Span> result = new TreeMap<>();
    if (marks.isEmpty()) {
      return result;
    }
    String marked = chat.render(marks).text();
    int inMarked = 0;
    int inText = 0;
    int previous = marks.keySet().iterator().next();
    for (Map.Entry<Integer, String> entry : marks.entrySet()) {
      int message = entry.getKey();
      String mark = entry.getValue();
      int at = marked.indexOf(mark, inMarked);
      if (at < 0 || marked.indexOf(mark) != at || marked.lastIndexOf(mark) != at) {
        throw rewritten(message, "the template does not write its content exactly once, in the order of the messages");
      }
      String fixed = marked.substring(inMarked, at);
      inText = result.isEmpty() ? (text.startsWith(fixed) ? fixed.length() : -1) : close(result, previous, inText, fixed);
      if (inText < 0) {
        throw rewritten(message, "the text before it depends on its content");
      }
      result.put(message, new Span(inText, inText));
      inMarked = at + mark.length();
      previous = message;
    }
    int end = close(result, previous, inText, marked.substring(inMarked));
    if (end != text.length()) {
      throw rewritten(previous, "the template changes its content, or what follows depends on it");
    }
    return result;
  }

  /** Ends the content of a message where the fixed text that follows it starts; gives the end of the fixed text. */
  private int close(Map<Integer, Span> result, int message, int start, String fixed) {
    String content = chat.content(message).orElseThrow();
    for (String form : new String[] {content, content.strip(), content.stripTrailing(), content.stripLeading()}) {
      if (text.startsWith(form, start) && text.startsWith(fixed, start + form.length())) {
        result.put(message, new Span(start, start + form.length()));
        return start + form.length() + fixed.length();
      }
    }
    throw rewritten(message, "the template changes its content");
  }

  private static ChatMaskException rewritten(int message, String why) {
    return new ChatMaskException(message, "cannot be found in the rendered chat: " + why + "; use a template with {% generation %} markers");
  }

  /** What the text grows by when the message is added after the header of an answer. */
  private Place grown(int message) {
    boolean assistant = chat.turns().get(message).role().equals(TrainOn.ASSISTANT);
    if (!assistant) {
      throw new ChatMaskException(
          message, "has no plain text content, so its tokens cannot be told apart; train on assistant messages only, or give its content as text");
    }
    String head = chat.renderFirst(message, true).text();
    String whole = chat.renderFirst(message + 1, false).text();
    if (!whole.startsWith(head) || !text.startsWith(whole)) {
      throw new ChatMaskException(
          message, "cannot be found in the rendered chat: the template writes the messages before it differently when they stand alone;"
              + " use a template with {% generation %} markers");
    }
    Span grown = new Span(head.length(), whole.length());
    Optional<End> end = endOf(grown);
    return new Place(message, new Span(grown.start(), end.map(e -> e.span().start()).orElse(grown.end())), end);
  }

  /** The end-of-turn token with which a block ends (white space may follow it), or that follows the block. */
  private Optional<End> endOf(Span block) {
    int end = block.end();
    while (end > block.start() && Character.isWhitespace(text.charAt(end - 1))) {
      end--;
    }
    for (AddedToken token : addedTokens) {
      int start = end - token.content().length();
      if (start >= block.start() && isMarker(token) && text.startsWith(token.content(), start)) {
        return Optional.of(new End(new Span(start, end), token));
      }
    }
    return endAt(block.end());
  }

  /** The added token at a position; spaces may come before it. */
  private Optional<End> endAt(int position) {
    int at = position;
    while (at < text.length() && text.charAt(at) == ' ') {
      at++;
    }
    for (AddedToken token : addedTokens) {
      if (isMarker(token) && text.startsWith(token.content(), at)) {
        return Optional.of(new End(new Span(at, at + token.content().length()), token));
      }
    }
    return Optional.empty();
  }

  /** Some vocabularies add runs of white space as tokens. */
  private static boolean isMarker(AddedToken token) {
    return !token.content().isBlank();
  }
}
