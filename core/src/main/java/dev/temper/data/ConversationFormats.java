package dev.temper.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Conversations under other columns than {@code messages} and {@code conversations}. */
final class ConversationFormats {
  static final List<RowFormat> ALL =
      List.of(
          RowFormat.of(
                  "wildchat",
                  ChatRow.class,
                  c -> TrlFormats.chat(c, c.messages("conversation")),
                  "conversation")
              .serves("ds-wildchat"),
          RowFormat.of("genqa", ChatRow.class, c -> TrlFormats.chat(c, c.messages("text")), "text")
              .when(row -> row.values().get("text") instanceof List<?>)
              .serves("ds-genqa"),
          RowFormat.of(
                  "ultrachat-turns",
                  ChatRow.class,
                  c -> TrlFormats.chat(c, alternating(c, "data")),
                  "data")
              .when(row -> row.values().get("data") instanceof List<?>),
          RowFormat.of(
                  "lima",
                  ChatRow.class,
                  c -> TrlFormats.chat(c, alternating(c, "conversations")),
                  "conversations")
              .when(ConversationFormats::textTurns),
          RowFormat.of("baize", ChatRow.class, ConversationFormats::baize, "input")
              .when(row -> Transcript.BAIZE.in(row.values().get("input")))
              .serves("ds-baize"),
          OasstTree.TREES,
          OasstTree.NESTED,
          OasstTree.MESSAGES);

  private ConversationFormats() {}

  private static boolean textTurns(Row row) {
    return row.values().get("conversations") instanceof List<?> turns
        && !turns.isEmpty()
        && turns.get(0) instanceof String;
  }

  /** Turns without roles: the user's and the assistant's by turns. */
  private static List<Map<String, Object>> alternating(ColumnReader columns, String column) {
    List<Map<String, Object>> messages = new ArrayList<>();
    for (String turn : columns.texts(column)) {
      messages.add(Messages.message(messages.size() % 2 == 0 ? "user" : "assistant", turn));
    }
    if (messages.isEmpty()) {
      throw columns.wrong(column, List.of(), "a list of at least one turn");
    }
    return messages;
  }

  private static ChatRow baize(ColumnReader columns) {
    return TrlFormats.chat(
        columns, Transcript.BAIZE.messages(columns.origin(), "input", columns.text("input")));
  }
}
