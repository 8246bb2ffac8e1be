package dev.temper.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A dialogue written as one text with marks before each turn.
 *
 * @param turns the mark before a turn, to the role that speaks
 */
record Transcript(Map<String, String> turns) {
  /** Anthropic's HH data, and others after it. */
  static final Transcript HH =
      new Transcript(Map.of("\n\nHuman:", "user", "\n\nAssistant:", "assistant"));

  /** Baize. */
  static final Transcript BAIZE =
      new Transcript(Map.of("[|Human|]", "user", "[|AI|]", "assistant"));

  /** Whether the text has a turn. */
  boolean in(@Nullable Object value) {
    return value instanceof String text && turns.keySet().stream().anyMatch(text::contains);
  }

  /**
   * The turns as messages, without white space around them. What stands before the first mark is
   * left out; a last turn that is empty is the place to answer and no message.
   *
   * @param where the column, for messages
   * @throws DataException if there is no turn
   */
  List<Map<String, Object>> messages(Origin origin, String where, String text) {
    Pattern marks =
        Pattern.compile(
            turns.keySet().stream().map(Pattern::quote).collect(Collectors.joining("|")));
    Matcher matcher = marks.matcher(text);
    List<Map<String, Object>> messages = new ArrayList<>();
    boolean more = matcher.find();
    while (more) {
      String role = String.valueOf(turns.get(matcher.group()));
      int start = matcher.end();
      more = matcher.find();
      String content = text.substring(start, more ? matcher.start() : text.length()).strip();
      if (more || !content.isEmpty()) {
        messages.add(Messages.message(role, content));
      }
    }
    if (messages.isEmpty()) {
      throw new DataException(
          origin,
          "column \""
              + where
              + "\" has no turn: a dialogue is marked by "
              + turns.keySet().stream().map(String::strip).sorted().toList());
    }
    return messages;
  }
}
