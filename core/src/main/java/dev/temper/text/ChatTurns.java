package dev.temper.text;

import dev.temper.text.jinja.Span;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Where the messages of a chat lie in its text, exactly or not at all: the model's own messages
 * where {@code {% generation %}} marks them, the others where {@link ChatTemplate#messageSpans}
 * finds them.
 */
final class ChatTurns {
  private final ChatTemplate template;
  private final List<Message> messages;
  private final RenderedChat rendered;
  private final ChatTemplate.Options options;

  /**
   * Added tokens that can end a turn, the longest first; some vocabularies also add runs of white
   * space.
   */
  private final List<AddedToken> markers;

  ChatTurns(
      ChatTemplate template,
      List<Message> messages,
      ChatTemplate.Options options,
      RenderedChat rendered,
      List<AddedToken> addedTokens) {
    this.template = template;
    this.messages = messages;
    this.options = options;
    this.rendered = rendered;
    this.markers =
        addedTokens.stream()
            .filter(t -> !t.content().isBlank())
            .sorted(Comparator.comparingInt((AddedToken t) -> t.content().length()).reversed())
            .toList();
  }

  /**
   * Where a message lies.
   *
   * @param message its index
   * @param body what is trained: content and end of turn, or the whole block marked as generated
   * @param end the end of turn: inside the body or right behind it; empty if there is none
   */
  record Place(int message, Span body, Span end) {}

  /** The places of some messages, by index. */
  Map<Integer, Place> find(Set<Integer> wanted) {
    Map<Integer, Place> places = new TreeMap<>();
    if (template.hasGenerationMarkers()) {
      blocks(wanted)
          .forEach(
              (message, block) -> places.put(message, new Place(message, block, endOf(block))));
    }
    if (places.keySet().containsAll(wanted)) {
      return places;
    }
    for (MessageSpan span : template.messageSpans(messages, options)) {
      int message = span.message();
      if (!wanted.contains(message) || places.containsKey(message)) {
        continue;
      }
      if (span instanceof MessageSpan.Located located) {
        boolean named = located.endOfTurn().length() > 0;
        places.put(
            message,
            new Place(
                message,
                located.whole(),
                named ? located.endOfTurn() : endInside(located.content())));
      } else if (span instanceof MessageSpan.Unlocated unlocated) {
        throw new ChatMaskException(message, unlocated.reason());
      }
    }
    return places;
  }

  /**
   * Blocks marked as generated, by assistant message; they can be told apart only if there is one
   * for each.
   */
  private Map<Integer, Span> blocks(Set<Integer> wanted) {
    List<Span> blocks = rendered.generationSpans().stream().filter(s -> s.length() > 0).toList();
    List<Integer> assistants = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      if (messages.get(i).role().equals(TrainOn.ASSISTANT)) {
        assistants.add(i);
      }
    }
    Map<Integer, Span> result = new HashMap<>();
    for (int i = 0; i < assistants.size(); i++) {
      int message = assistants.get(i);
      if (!wanted.contains(message)) {
        continue;
      }
      if (blocks.size() != assistants.size()) {
        throw new ChatMaskException(
            message,
            "the template marks "
                + blocks.size()
                + " generated pieces for "
                + assistants.size()
                + " assistant messages, so they cannot be told apart; train on all assistant messages, or use a template that marks each one");
      }
      result.put(message, blocks.get(i));
    }
    return result;
  }

  /**
   * The end-of-turn token of a generated block: its last token, white space aside, else the token
   * right behind it.
   */
  private Span endOf(Span block) {
    Span inside = endInside(block);
    if (inside.length() > 0) {
      return inside;
    }
    for (AddedToken marker : markers) {
      if (rendered.text().startsWith(marker.content(), block.end())) {
        return new Span(block.end(), block.end() + marker.content().length());
      }
    }
    return inside;
  }

  private Span endInside(Span body) {
    String text = rendered.text();
    int end = body.end();
    while (end > body.start() && Character.isWhitespace(text.charAt(end - 1))) {
      end--;
    }
    for (AddedToken marker : markers) {
      int start = end - marker.content().length();
      if (start >= body.start() && text.startsWith(marker.content(), start)) {
        return new Span(start, end);
      }
    }
    return new Span(body.end(), body.end());
  }
}
