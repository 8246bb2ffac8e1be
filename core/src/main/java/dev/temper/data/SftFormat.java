package dev.temper.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * One format of {@link SftRow}.
 *
 * @param required columns that must have a value
 * @param columns these columns, for messages
 * @param reader reads the row
 */
record SftFormat(Set<String> required, String columns, Function<ColumnReader, SftRow> reader)
    implements RowFormat<SftRow> {
  /**
   * All of them, in the order in which they are tried: TRL's own types come before Alpaca's
   * columns.
   */
  static final RowFormats<SftRow> ALL =
      new RowFormats<>(
          "supervised fine-tuning",
          List.of(
              new SftFormat(Set.of("input_ids"), "input_ids", SftFormat::tokens),
              new SftFormat(
                  Set.of("messages"),
                  "messages",
                  columns -> chat(columns, columns.messages("messages"))),
              new SftFormat(
                  Set.of("conversations"),
                  "conversations",
                  columns -> chat(columns, conversation(columns))),
              new SftFormat(
                  Set.of("prompt", "completion"),
                  "prompt + completion",
                  SftFormat::promptCompletion),
              new SftFormat(
                  Set.of("text"),
                  "text",
                  columns -> new TextRow(columns.text("text"), columns.info())),
              new SftFormat(
                  Set.of("instruction", "output"),
                  "instruction + output (+ input)",
                  SftFormat::alpaca)));

  @Override
  public boolean matches(Set<String> present) {
    return present.containsAll(required);
  }

  @Override
  public SftRow read(Row row) {
    return reader.apply(new ColumnReader(row));
  }

  private static SftRow chat(ColumnReader columns, List<Map<String, Object>> messages) {
    ChatContext context = columns.context();
    return new ChatRow(messages, context, columns.info());
  }

  private static List<Map<String, Object>> conversation(ColumnReader columns) {
    List<Map<String, Object>> messages = columns.messages("conversations");
    String system = columns.textOrEmpty("system");
    if (system.isEmpty() || "system".equals(messages.get(0).get("role"))) {
      return messages;
    }
    List<Map<String, Object>> all = new ArrayList<>();
    all.add(Messages.message("system", system));
    all.addAll(messages);
    return all;
  }

  private static SftRow promptCompletion(ColumnReader columns) {
    Passage prompt = passage(columns, "prompt");
    Passage completion = passage(columns, "completion");
    ChatContext context = columns.context();
    return new PromptCompletionRow(prompt, completion, context, columns.info());
  }

  private static Passage passage(ColumnReader columns, String column) {
    Object value = columns.take(column);
    if (value instanceof String text) {
      return new Passage.Text(text);
    }
    if (value instanceof List<?>) {
      return new Passage.Messages(columns.messages(column));
    }
    throw columns.wrong(column, value, "text or a list of messages");
  }

  /**
   * The turn of the user is instruction and input on lines of their own, as LLaMA-Factory writes
   * it.
   */
  private static SftRow alpaca(ColumnReader columns) {
    List<Map<String, Object>> prompt = new ArrayList<>();
    String system = columns.textOrEmpty("system");
    if (!system.isEmpty()) {
      prompt.add(Messages.message("system", system));
    }
    if (columns.has("history")) {
      List<?> history = columns.list("history");
      for (int i = 0; i < history.size(); i++) {
        if (!(history.get(i) instanceof List<?> turn)
            || turn.size() != 2
            || !(turn.get(0) instanceof String question)
            || !(turn.get(1) instanceof String answer)) {
          throw columns.wrong(
              "history[" + i + "]", history.get(i), "a pair of texts, question and answer");
        }
        prompt.add(Messages.message("user", question));
        prompt.add(Messages.message("assistant", answer));
      }
    }
    String instruction = columns.text("instruction");
    String input = columns.textOrEmpty("input");
    prompt.add(
        Messages.message("user", input.isEmpty() ? instruction : instruction + "\n" + input));
    Passage completion =
        new Passage.Messages(List.of(Messages.message("assistant", columns.text("output"))));
    ChatContext context = columns.context();
    return new PromptCompletionRow(
        new Passage.Messages(prompt), completion, context, columns.info());
  }

  private static SftRow tokens(ColumnReader columns) {
    int[] ids = columns.integers("input_ids", 0, Integer.MAX_VALUE);
    float[] weights = new float[ids.length];
    Arrays.fill(weights, 1);
    if (columns.has("labels")) {
      int[] labels = aligned(columns, "labels", ids.length, -100, Integer.MAX_VALUE);
      for (int i = 0; i < ids.length; i++) {
        if (labels[i] != -100 && labels[i] != ids[i]) {
          throw columns.wrong(
              "labels[" + i + "]",
              labels[i],
              "-100 or the token's own id " + ids[i] + " (labels are not shifted in the data)");
        }
        weights[i] = labels[i] == -100 ? 0 : 1;
      }
    }
    for (String mask : List.of("completion_mask", "assistant_masks")) {
      if (columns.has(mask)) {
        int[] bits = aligned(columns, mask, ids.length, 0, 1);
        for (int i = 0; i < ids.length; i++) {
          weights[i] *= bits[i];
        }
      }
    }
    RowInfo info = columns.info();
    return new TokenRow(new TokenExample(ids, weights, info.origin()), info);
  }

  private static int[] aligned(
      ColumnReader columns, String column, int length, int least, int most) {
    int[] values = columns.integers(column, least, most);
    if (values.length != length) {
      throw columns.wrong(
          column, values.length + " values", "as long as input_ids, " + length + " values");
    }
    return values;
  }
}
