package dev.temper.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Instructions with their answers: Alpaca and what came after it. */
final class InstructionFormats {
  static final List<RowFormat> ALL =
      List.of(
          RowFormat.of(
                  "alpaca",
                  PromptCompletionRow.class,
                  InstructionFormats::alpaca,
                  "instruction",
                  "output")
              .optional("input", "system", "history", "tools")
              .serves(
                  "ds-alpaca", "ds-alpaca-gpt4", "ds-belle", "ds-instinwild", "ds-openhermes-1"),
          // The same columns: by name only.
          RowFormat.of(
                  "alpaca-template",
                  PromptCompletionRow.class,
                  InstructionFormats::alpacaTemplate,
                  "instruction",
                  "output")
              .optional("input"),
          RowFormat.of(
                  "dolly",
                  PromptCompletionRow.class,
                  c -> answered(c, ask(c, "instruction", "context"), "response"),
                  "instruction",
                  "context",
                  "response")
              .serves("ds-dolly-15k"),
          RowFormat.of(
                  "instruction-response",
                  PromptCompletionRow.class,
                  c -> answered(c, ask(c, "instruction", "input"), "response"),
                  "instruction",
                  "response")
              .optional("input")
              .serves("lamini-lm"),
          RowFormat.many(
                  "unnatural-instructions",
                  PromptCompletionRow.class,
                  InstructionFormats::unnatural,
                  "instruction",
                  "instances")
              .when(row -> firstHas(row, "instances", "instruction_with_input"))
              .optional("reformulations")
              .serves("ds-unnatural-instructions"),
          RowFormat.many(
                  "self-instruct",
                  PromptCompletionRow.class,
                  InstructionFormats::selfInstruct,
                  "instruction",
                  "instances")
              .serves("ds-self-instruct-52k"),
          RowFormat.of(
                  "openorca",
                  PromptCompletionRow.class,
                  InstructionFormats::openOrca,
                  "question",
                  "response")
              .optional("system_prompt")
              .serves("ds-openorca"),
          RowFormat.of(
              "query-response",
              PromptCompletionRow.class,
              c -> answered(c, c.text("query"), "response"),
              "query",
              "response"));

  private InstructionFormats() {}

  /** What LLaMA-Factory asks: the instruction, and the input on a line of its own. */
  static String ask(String instruction, String input) {
    return input.isEmpty() ? instruction : instruction + "\n" + input;
  }

  static PromptCompletionRow answered(ColumnReader columns, String question, String answer) {
    return TrlFormats.promptCompletion(
        columns, Passage.user(question), Passage.assistant(columns.text(answer)));
  }

  /** The whole of the row under other contents: for rows that hold several. */
  static PromptCompletionRow part(
      RowInfo info, Map<String, @Nullable Object> extras, String question, String answer) {
    Map<String, @Nullable Object> all = new LinkedHashMap<>(info.extras());
    all.putAll(extras);
    return new PromptCompletionRow(
        Passage.user(question), Passage.assistant(answer), ChatContext.NONE, info.withExtras(all));
  }

  static boolean firstHas(Row row, String column, String key) {
    return row.values().get(column) instanceof List<?> list
        && !list.isEmpty()
        && list.get(0) instanceof Map<?, ?> map
        && map.containsKey(key);
  }

  private static String ask(ColumnReader columns, String instruction, String input) {
    return ask(columns.text(instruction), columns.textOrEmpty(input));
  }

  private static PromptCompletionRow alpaca(ColumnReader columns) {
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
    prompt.add(Messages.message("user", ask(columns, "instruction", "input")));
    return TrlFormats.promptCompletion(
        columns, new Passage.Messages(prompt), Passage.assistant(columns.text("output")));
  }

  /** As plain text in the two prompts Alpaca was trained with (Taori et al. 2023). */
  private static PromptCompletionRow alpacaTemplate(ColumnReader columns) {
    String input = columns.textOrEmpty("input");
    String prompt =
        "Below is an instruction that describes a task"
            + (input.isEmpty() ? "" : ", paired with an input that provides further context")
            + ". Write a response that appropriately completes the request.\n\n### Instruction:\n"
            + columns.text("instruction")
            + (input.isEmpty() ? "" : "\n\n### Input:\n" + input)
            + "\n\n### Response:";
    return TrlFormats.promptCompletion(
        columns, new Passage.Text(prompt), new Passage.Text(columns.text("output")));
  }

  private static PromptCompletionRow openOrca(ColumnReader columns) {
    return TrlFormats.promptCompletion(
        columns,
        Passage.user(columns.textOrEmpty("system_prompt"), columns.text("question")),
        Passage.assistant(columns.text("response")));
  }

  private static List<PromptCompletionRow> selfInstruct(ColumnReader columns) {
    String instruction = columns.text("instruction");
    List<ColumnReader> instances = columns.objects("instances");
    RowInfo info = columns.info();
    return instances.stream()
        .map(
            instance ->
                part(
                    info,
                    Map.of(),
                    ask(instruction, instance.textOrEmpty("input")),
                    instance.text("output")))
        .toList();
  }

  /** The core instances; the reformulations of the full data are prompts for the same answer. */
  private static List<PromptCompletionRow> unnatural(ColumnReader columns) {
    columns.take("instruction");
    List<ColumnReader> instances = new ArrayList<>(columns.objects("instances"));
    if (columns.has("reformulations")) {
      instances.addAll(columns.objects("reformulations"));
    }
    RowInfo info = columns.info();
    return instances.stream()
        .map(
            instance ->
                part(
                    info,
                    Map.of(),
                    instance.text("instruction_with_input"),
                    instance.text("output")))
        .toList();
  }
}
