package dev.temper.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** TRL's data set types, and the spellings of ShareGPT and LLaMA-Factory for the same. */
final class TrlFormats {
  /** Known by columns that no other format has: tried first. */
  static final List<RowFormat> SPECIFIC =
      List.of(
          RowFormat.of(
                  "sharegpt-pair",
                  PairRow.class,
                  TrlFormats::shareGptPair,
                  "conversations",
                  "chosen",
                  "rejected")
              .optional("system", "tools"),
          RowFormat.of(
                  "sharegpt-kto",
                  BinaryRow.class,
                  c -> lastMessage(c, conversation(c), c.flag("kto_tag")),
                  "conversations",
                  "kto_tag")
              .optional("system", "tools"),
          RowFormat.of(
                  "messages-kto",
                  BinaryRow.class,
                  c -> lastMessage(c, c.messages("messages"), c.flag("label")),
                  "messages",
                  "label")
              .when(row -> row.values().get("label") instanceof Boolean)
              .optional("tools"),
          RowFormat.of("pair", PairRow.class, TrlFormats::pair, "chosen", "rejected")
              .optional("prompt", "margin", "score_chosen", "score_rejected", "tools")
              .serves("ds-magpie-air-dpo"),
          RowFormat.of(
                  "binary", BinaryRow.class, TrlFormats::binary, "prompt", "completion", "label")
              .optional("tools"),
          RowFormat.of(
              "stepwise",
              StepwiseRow.class,
              TrlFormats::stepwise,
              "prompt",
              "completions",
              "labels"));

  /** The usual columns of supervised fine-tuning, as error messages list them. */
  static final List<RowFormat> GENERAL =
      List.of(
          RowFormat.of("tokens", TokenRow.class, TrlFormats::tokens, "input_ids"),
          RowFormat.of("messages", ChatRow.class, c -> chat(c, c.messages("messages")), "messages")
              .serves("ds-ultrachat"),
          RowFormat.of(
                  "conversations", ChatRow.class, c -> chat(c, conversation(c)), "conversations")
              .serves(
                  "ds-sharegpt",
                  "ds-vicuna",
                  "ds-openhermes-25",
                  "ds-evol-instruct",
                  "ds-magpie-llama3",
                  "ds-magpie-phi3",
                  "ds-magpie-qwen2",
                  "ds-magpie-llama31",
                  "ds-magpie-gemma2",
                  "ds-magpie-qwen25",
                  "ds-magpie-llama33",
                  "ds-magpie-reasoning-v2"),
          RowFormat.of(
                  "prompt-completion",
                  PromptCompletionRow.class,
                  TrlFormats::promptCompletion,
                  "prompt",
                  "completion")
              .serves("sft-record"),
          RowFormat.of("text", TextRow.class, c -> new TextRow(c.text("text"), c.info()), "text")
              .serves("imdb-dataset"));

  /** A prompt alone: tried last, since many formats have a column of that name. */
  static final List<RowFormat> LAST =
      List.of(
          RowFormat.of(
              "prompt",
              PromptRow.class,
              c -> new PromptRow(c.passage("prompt"), c.context(), c.info()),
              "prompt"));

  private TrlFormats() {}

  static ChatRow chat(ColumnReader columns, List<Map<String, Object>> messages) {
    ChatContext context = columns.context();
    return new ChatRow(messages, context, columns.info());
  }

  static PromptCompletionRow promptCompletion(
      ColumnReader columns, Passage prompt, Passage completion) {
    ChatContext context = columns.context();
    return new PromptCompletionRow(prompt, completion, context, columns.info());
  }

  static PairRow pair(
      ColumnReader columns,
      Passage prompt,
      Passage chosen,
      Passage rejected,
      PreferenceScores scores) {
    ChatContext context = columns.context();
    return new PairRow(prompt, chosen, rejected, scores, context, columns.info());
  }

  static PairRow pair(ColumnReader columns, SharedPrompt shared, PreferenceScores scores) {
    return pair(columns, shared.prompt(), shared.chosen(), shared.rejected(), scores);
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

  private static PromptCompletionRow promptCompletion(ColumnReader columns) {
    return promptCompletion(columns, columns.passage("prompt"), columns.passage("completion"));
  }

  /**
   * As TRL: a prompt of the same kind as the completions is the prompt; otherwise (none, or text
   * beside conversations that hold it) the prompt is what the completions share.
   */
  private static PairRow pair(ColumnReader columns) {
    PreferenceScores scores =
        new PreferenceScores(
            columns.optionalNumber("score_chosen"),
            columns.optionalNumber("score_rejected"),
            columns.optionalNumber("margin"));
    Passage chosen = columns.passage("chosen");
    Passage rejected = columns.passage("rejected");
    boolean text = chosen instanceof Passage.Text;
    if (text != rejected instanceof Passage.Text) {
      throw columns.wrong(
          "rejected",
          rejected.value(),
          text ? "text, as chosen is" : "a list of messages, as chosen is");
    }
    if (columns.has("prompt")) {
      Passage prompt = columns.passage("prompt");
      if (prompt instanceof Passage.Text == text) {
        return pair(columns, prompt, chosen, rejected, scores);
      }
    }
    SharedPrompt shared =
        text
            ? SharedPrompt.of(columns.text("chosen"), columns.text("rejected"))
            : SharedPrompt.of(columns.messages("chosen"), columns.messages("rejected"));
    return pair(columns, shared, scores);
  }

  private static PairRow shareGptPair(ColumnReader columns) {
    Passage prompt = new Passage.Messages(conversation(columns));
    Passage chosen = answer(columns, "chosen");
    Passage rejected = answer(columns, "rejected");
    return pair(columns, prompt, chosen, rejected, PreferenceScores.NONE);
  }

  /** One message, or a list of them. */
  private static Passage answer(ColumnReader columns, String column) {
    Object value = columns.take(column);
    return new Passage.Messages(
        Messages.read(
            columns.origin(), column, value instanceof Map<?, ?> ? List.of(value) : value));
  }

  private static BinaryRow binary(ColumnReader columns) {
    Passage prompt = columns.passage("prompt");
    Passage completion = columns.passage("completion");
    boolean label = columns.flag("label");
    ChatContext context = columns.context();
    return new BinaryRow(prompt, completion, label, context, columns.info());
  }

  /** The last message is the completion that is judged. */
  private static BinaryRow lastMessage(
      ColumnReader columns, List<Map<String, Object>> messages, boolean label) {
    int last = messages.size() - 1;
    if (last < 1 || !"assistant".equals(messages.get(last).get("role"))) {
      throw new DataException(
          columns.origin(),
          "the label judges the last message, which must be of the assistant and follow another; found "
              + messages.size()
              + " messages, the last of "
              + messages.get(last).get("role"));
    }
    ChatContext context = columns.context();
    return new BinaryRow(
        new Passage.Messages(messages.subList(0, last)),
        new Passage.Messages(messages.subList(last, last + 1)),
        label,
        context,
        columns.info());
  }

  private static StepwiseRow stepwise(ColumnReader columns) {
    String prompt = columns.text("prompt");
    List<String> steps = columns.texts("completions");
    List<?> values = columns.list("labels");
    List<Double> labels = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      Object value = values.get(i);
      if (value instanceof Boolean flag) {
        labels.add(flag ? 1.0 : 0.0);
      } else if (value instanceof Number number) {
        labels.add(number.doubleValue());
      } else {
        throw columns.wrong("labels[" + i + "]", value, "true, false or a number from 0 to 1");
      }
    }
    return new StepwiseRow(prompt, steps, labels, columns.info());
  }

  private static TokenRow tokens(ColumnReader columns) {
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
    for (String mask : Set.of("completion_mask", "assistant_masks")) {
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
