package dev.temper.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Tasks with inputs and targets: FLAN and its kind, summaries, questions, benchmarks. */
final class TaskFormats {
  static final List<RowFormat> ALL =
      List.of(
          RowFormat.of(
                  "p3",
                  PromptCompletionRow.class,
                  TaskFormats::p3,
                  "inputs_pretokenized",
                  "targets_pretokenized")
              .optional("inputs", "targets", "answer_choices")
              .serves("ds-p3"),
          RowFormat.of(
                  "flan",
                  PromptCompletionRow.class,
                  c -> plain(c, c.text("inputs"), c.text("targets")),
                  "inputs",
                  "targets")
              .serves("ds-flan", "ds-flanv2", "ds-xp3"),
          RowFormat.many(
                  "super-natural-instructions",
                  PromptCompletionRow.class,
                  c -> superNatural(c, 2),
                  "Definition",
                  "Instances")
              .optional("Positive Examples", "Negative Examples")
              .serves("ds-sup-natinst"),
          RowFormat.many(
                  "hc3",
                  PromptCompletionRow.class,
                  TaskFormats::hc3,
                  "question",
                  "human_answers",
                  "chatgpt_answers")
              .serves("ds-hc3"),
          RowFormat.of("tldr", PromptCompletionRow.class, TaskFormats::tldr, "post", "summary")
              .optional("subreddit", "title")
              .serves("tldr-reddit"),
          RowFormat.of(
              "content-summary",
              PromptCompletionRow.class,
              c -> plain(c, c.text("content") + "\n\nTL;DR:", " " + c.text("summary")),
              "content",
              "summary"),
          RowFormat.of(
                  "cnn-dailymail",
                  PromptCompletionRow.class,
                  c -> plain(c, c.text("article") + "\n\nTL;DR:", " " + c.text("highlights")),
                  "article",
                  "highlights")
              .serves("cnn-dailymail"),
          RowFormat.of(
              "question-answer",
              PromptCompletionRow.class,
              c -> asked(c, "question", "answer"),
              "question",
              "answer"),
          RowFormat.of(
              "problem-solution",
              PromptCompletionRow.class,
              c -> asked(c, "problem", "solution"),
              "problem",
              "solution"),
          RowFormat.of(
              "input-output",
              PromptCompletionRow.class,
              c -> InstructionFormats.answered(c, c.text("input"), "output"),
              "input",
              "output"),
          RowFormat.of(
                  "hellaswag", RankedRow.class, TaskFormats::hellaSwag, "ctx", "endings", "label")
              .serves("ds-nlp-benchmarks"),
          RowFormat.of(
              "nli", PromptCompletionRow.class, TaskFormats::nli, "premise", "hypothesis", "label"),
          RowFormat.of(
              "paraphrase",
              PromptCompletionRow.class,
              TaskFormats::paraphrase,
              "sentence1",
              "sentence2",
              "label"));

  private TaskFormats() {}

  /**
   * The query of Stiennon et al. 2020 for a post, or for a news article.
   *
   * @param info has {@code post}, {@code title} and {@code subreddit}, or {@code article}
   */
  static String summaryPrompt(ColumnReader info) {
    if (!info.has("post") && info.has("article")) {
      return "Article: " + info.text("article").strip() + "\n\nTL;DR:";
    }
    String subreddit = info.textOrEmpty("subreddit");
    String title = info.textOrEmpty("title");
    return (subreddit.isEmpty() ? "" : "SUBREDDIT: r/" + subreddit + "\n\n")
        + (title.isEmpty() ? "" : "TITLE: " + title + "\n\n")
        + "POST: "
        + info.text("post").strip()
        + "\n\nTL;DR:";
  }

  private static PromptCompletionRow plain(ColumnReader columns, String prompt, String completion) {
    return TrlFormats.promptCompletion(
        columns, new Passage.Text(prompt), new Passage.Text(completion));
  }

  /** The answer stays among the extras too: rewards check it. */
  private static PromptCompletionRow asked(ColumnReader columns, String question, String answer) {
    Passage prompt = Passage.user(columns.text(question));
    Passage completion = Passage.assistant(columns.text(answer));
    columns.keep(answer);
    return TrlFormats.promptCompletion(columns, prompt, completion);
  }

  private static PromptCompletionRow p3(ColumnReader columns) {
    columns.take("inputs");
    columns.take("targets");
    return plain(
        columns, columns.text("inputs_pretokenized"), columns.text("targets_pretokenized").strip());
  }

  private static PromptCompletionRow tldr(ColumnReader columns) {
    return plain(columns, summaryPrompt(columns), " " + columns.text("summary").strip());
  }

  /**
   * A row for each instance, after the definition and {@code examples} solved ones (Wang et al.
   * 2022 train with two). The first output is the completion, all of them are the extra {@code
   * references}.
   */
  private static List<PromptCompletionRow> superNatural(ColumnReader columns, int examples) {
    StringBuilder head = new StringBuilder();
    head.append("Definition: ").append(String.join("\n", columns.texts("Definition")).strip());
    if (columns.has("Positive Examples")) {
      List<ColumnReader> solved = columns.objects("Positive Examples");
      for (int i = 0; i < Math.min(examples, solved.size()); i++) {
        head.append("\n\nPositive Example ")
            .append(i + 1)
            .append(" -\nInput: ")
            .append(solved.get(i).text("input").strip())
            .append("\nOutput: ")
            .append(String.join(" / ", solved.get(i).texts("output")).strip());
      }
    }
    columns.take("Negative Examples");
    List<ColumnReader> instances = columns.objects("Instances");
    RowInfo info = columns.info();
    List<PromptCompletionRow> rows = new ArrayList<>();
    for (ColumnReader instance : instances) {
      List<String> outputs = instance.texts("output");
      if (outputs.isEmpty()) {
        throw instance.wrong("output", outputs, "a list of at least one text");
      }
      rows.add(
          InstructionFormats.part(
              info,
              Map.of("references", outputs),
              head
                  + "\n\nNow complete the following example -\nInput: "
                  + instance.text("input").strip()
                  + "\nOutput:",
              outputs.get(0)));
    }
    return rows;
  }

  /** A row for each answer; the extra {@code answered_by} says who gave it. */
  private static List<PromptCompletionRow> hc3(ColumnReader columns) {
    String question = columns.text("question");
    List<String> people = columns.texts("human_answers");
    List<String> model = columns.texts("chatgpt_answers");
    RowInfo info = columns.info();
    List<PromptCompletionRow> rows = new ArrayList<>();
    people.forEach(
        a -> rows.add(InstructionFormats.part(info, Map.of("answered_by", "human"), question, a)));
    model.forEach(
        a ->
            rows.add(InstructionFormats.part(info, Map.of("answered_by", "chatgpt"), question, a)));
    return rows;
  }

  /** The right ending has score 1, the others 0. */
  private static RankedRow hellaSwag(ColumnReader columns) {
    List<String> endings = columns.texts("endings");
    int right = columns.integer("label", 0, Math.max(0, endings.size() - 1));
    List<RankedRow.Scored> scored = new ArrayList<>();
    for (int i = 0; i < endings.size(); i++) {
      scored.add(new RankedRow.Scored(new Passage.Text(" " + endings.get(i)), i == right ? 1 : 0));
    }
    return PreferenceFormats.ranked(columns, new Passage.Text(columns.text("ctx")), scored);
  }

  private static PromptCompletionRow nli(ColumnReader columns) {
    List<String> answers = List.of("entailment", "neutral", "contradiction");
    String prompt =
        "Premise: "
            + columns.text("premise")
            + "\nHypothesis: "
            + columns.text("hypothesis")
            + "\nDoes the premise entail the hypothesis? Answer entailment, neutral or contradiction.";
    String answer =
        columns.take("label") instanceof String text && answers.contains(text)
            ? text
            : answers.get(columns.integer("label", 0, 2));
    columns.keep("label");
    return TrlFormats.promptCompletion(columns, Passage.user(prompt), Passage.assistant(answer));
  }

  private static PromptCompletionRow paraphrase(ColumnReader columns) {
    String prompt =
        "Sentence 1: "
            + columns.text("sentence1")
            + "\nSentence 2: "
            + columns.text("sentence2")
            + "\nDo the sentences mean the same? Answer yes or no.";
    String answer = columns.integer("label", 0, 1) == 1 ? "yes" : "no";
    columns.keep("label");
    return TrlFormats.promptCompletion(columns, Passage.user(prompt), Passage.assistant(answer));
  }
}
