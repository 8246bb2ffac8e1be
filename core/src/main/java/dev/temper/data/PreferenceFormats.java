package dev.temper.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.IntStream;

/** Comparisons, ratings and rankings of answers. */
final class PreferenceFormats {
  static final List<RowFormat> ALL =
      List.of(
          RowFormat.of("hh", PairRow.class, PreferenceFormats::hh, "chosen", "rejected")
              .when(
                  row ->
                      Transcript.HH.in(row.values().get("chosen"))
                          && row.values().get("prompt") == null)
              .serves("ds-hh-rlhf"),
          RowFormat.of(
                  "shp",
                  PairRow.class,
                  PreferenceFormats::shp,
                  "history",
                  "human_ref_A",
                  "human_ref_B",
                  "labels")
              .optional("score_A", "score_B")
              .serves("ds-shp"),
          RowFormat.of(
                  "webgpt",
                  RankedRow.class,
                  PreferenceFormats::webGpt,
                  "question",
                  "answer_0",
                  "answer_1",
                  "score_0",
                  "score_1")
              .serves("ds-webgpt"),
          RowFormat.of(
                  "openai-comparisons",
                  PairRow.class,
                  PreferenceFormats::openAi,
                  "info",
                  "summaries",
                  "choice")
              .serves("ds-openai-summarization"),
          RowFormat.of(
                  "stackexchange",
                  RankedRow.class,
                  PreferenceFormats::stackExchange,
                  "question",
                  "answers")
              .when(row -> InstructionFormats.firstHas(row, "answers", "pm_score"))
              .serves("ds-stackexchange"),
          RowFormat.of(
              "stackexchange-paired",
              PairRow.class,
              c -> pair(c, c.text("question"), "response_j", "response_k"),
              "question",
              "response_j",
              "response_k"),
          RowFormat.of("nectar", RankedRow.class, PreferenceFormats::nectar, "prompt", "answers")
              .when(row -> InstructionFormats.firstHas(row, "answers", "rank")),
          RowFormat.of(
                  "ultrafeedback",
                  RankedRow.class,
                  PreferenceFormats::ultraFeedback,
                  "instruction",
                  "completions")
              .when(row -> InstructionFormats.firstHas(row, "completions", "response")),
          RowFormat.of(
              "alpaca-gpt4-comparison",
              RankedRow.class,
              PreferenceFormats::comparison,
              "user_input",
              "responses_and_scores"),
          RowFormat.many(
                  "helpsteer",
                  TypedRow.class,
                  PreferenceFormats::helpSteer,
                  "prompt",
                  "response",
                  "helpfulness")
              .gives(Set.of(PromptCompletionRow.class, RankedRow.class))
              .grouped(RowGroups.by("prompt")),
          RowFormat.of(
              "helpsteer-preference",
              RankedRow.class,
              PreferenceFormats::helpSteerPreference,
              "prompt",
              "response_1",
              "response_2",
              "preference_strength"),
          RowFormat.of(
                  "pandalm",
                  RankedRow.class,
                  PreferenceFormats::pandaLm,
                  "instruction",
                  "response1",
                  "response2",
                  "annotator1")
              .optional("input", "annotator2", "annotator3"),
          RowFormat.of(
              "prometheus-preference",
              PairRow.class,
              PreferenceFormats::prometheus,
              "orig_instruction",
              "orig_response_A",
              "orig_response_B",
              "orig_preference"),
          RowFormat.of(
                  "question-pair",
                  PairRow.class,
                  c -> pair(c, c.text("question"), "chosen", "rejected"),
                  "question",
                  "chosen",
                  "rejected")
              .optional("system"),
          RowFormat.of(
                  "alpaca-pair",
                  PairRow.class,
                  c ->
                      pair(
                          c,
                          InstructionFormats.ask(c.text("instruction"), c.textOrEmpty("input")),
                          "chosen",
                          "rejected"),
                  "instruction",
                  "chosen",
                  "rejected")
              .when(row -> row.values().get("chosen") instanceof String)
              .optional("input", "system"));

  private PreferenceFormats() {}

  static RankedRow ranked(
      ColumnReader columns, Passage prompt, List<RankedRow.Scored> completions) {
    if (completions.isEmpty()) {
      throw new DataException(columns.origin(), "the row has no answers to rank");
    }
    ChatContext context = columns.context();
    return new RankedRow(prompt, completions, context, columns.info());
  }

  private static RankedRow.Scored scored(String completion, double score) {
    return new RankedRow.Scored(Passage.assistant(completion), score);
  }

  private static PairRow pair(
      ColumnReader columns, String question, String chosen, String rejected) {
    return TrlFormats.pair(
        columns,
        Passage.user(columns.textOrEmpty("system"), question),
        Passage.assistant(columns.text(chosen)),
        Passage.assistant(columns.text(rejected)),
        PreferenceScores.NONE);
  }

  /** Both transcripts as messages; the prompt is what they share. */
  private static PairRow hh(ColumnReader columns) {
    List<Map<String, Object>> chosen = hhTurns(columns, "chosen");
    List<Map<String, Object>> rejected = hhTurns(columns, "rejected");
    return TrlFormats.pair(columns, SharedPrompt.of(chosen, rejected), PreferenceScores.NONE);
  }

  private static List<Map<String, Object>> hhTurns(ColumnReader columns, String column) {
    String text = columns.text(column);
    List<Map<String, Object>> turns =
        new ArrayList<>(Transcript.HH.messages(columns.origin(), column, text));
    // An answer of no words is an answer: some of the chosen ones are refusals to say anything.
    if (text.stripTrailing().endsWith("\n\nAssistant:")) {
      turns.add(Messages.message("assistant", ""));
    }
    return turns;
  }

  /** Label 1: A is preferred. Scores are votes. */
  private static PairRow shp(ColumnReader columns) {
    boolean first = columns.integer("labels", 0, 1) == 1;
    String a = columns.text("human_ref_A");
    String b = columns.text("human_ref_B");
    OptionalDouble scoreA = columns.optionalNumber("score_A");
    OptionalDouble scoreB = columns.optionalNumber("score_B");
    return TrlFormats.pair(
        columns,
        Passage.user(columns.text("history")),
        Passage.assistant(first ? a : b),
        Passage.assistant(first ? b : a),
        new PreferenceScores(
            first ? scoreA : scoreB, first ? scoreB : scoreA, OptionalDouble.empty()));
  }

  /** Equal scores are a tie, which gives no pair. */
  private static RankedRow webGpt(ColumnReader columns) {
    String question =
        columns.take("question") instanceof String text
            ? text
            : columns.object("question").text("full_text");
    return ranked(
        columns,
        Passage.user(question),
        List.of(
            scored(columns.text("answer_0"), columns.number("score_0")),
            scored(columns.text("answer_1"), columns.number("score_1"))));
  }

  private static PairRow openAi(ColumnReader columns) {
    List<ColumnReader> summaries = columns.objects("summaries");
    if (summaries.size() != 2) {
      throw columns.wrong("summaries", summaries.size() + " summaries", "a list of two summaries");
    }
    int choice = columns.integer("choice", 0, 1);
    String prompt = TaskFormats.summaryPrompt(columns.object("info"));
    columns.keep("info");
    return TrlFormats.pair(
        columns,
        new Passage.Text(prompt),
        new Passage.Text(" " + summaries.get(choice).text("text").strip()),
        new Passage.Text(" " + summaries.get(1 - choice).text("text").strip()),
        PreferenceScores.NONE);
  }

  /** Texts are HTML there. */
  private static RankedRow stackExchange(ColumnReader columns) {
    return ranked(
        columns,
        Passage.user(HtmlText.of(columns.text("question"))),
        columns.objects("answers").stream()
            .map(answer -> scored(HtmlText.of(answer.text("text")), answer.number("pm_score")))
            .toList());
  }

  private static RankedRow nectar(ColumnReader columns) {
    String prompt = columns.text("prompt");
    return ranked(
        columns,
        Transcript.HH.in(prompt)
            ? new Passage.Messages(Transcript.HH.messages(columns.origin(), "prompt", prompt))
            : Passage.user(prompt),
        columns.objects("answers").stream()
            .map(answer -> scored(answer.text("answer"), -answer.number("rank")))
            .toList());
  }

  /**
   * The mean of the fine-grained ratings where it is given: the overall score of the first release
   * is known to be wrong for some rows.
   */
  private static RankedRow ultraFeedback(ColumnReader columns) {
    return ranked(
        columns,
        Passage.user(columns.text("instruction")),
        columns.objects("completions").stream()
            .map(
                answer ->
                    scored(
                        answer.text("response"),
                        answer.has("fine-grained_score")
                            ? answer.number("fine-grained_score")
                            : answer.number("overall_score")))
            .toList());
  }

  private static RankedRow comparison(ColumnReader columns) {
    return ranked(
        columns,
        Passage.user(columns.text("user_input")),
        columns.objects("responses_and_scores").stream()
            .map(answer -> scored(answer.text("response"), answer.number("score")))
            .toList());
  }

  /** Answers to the same prompt follow each other: each to train on, and all ranked. */
  private static List<TypedRow> helpSteer(ColumnReader columns) {
    Passage prompt = Passage.user(columns.text("prompt"));
    List<TypedRow> rows = new ArrayList<>();
    List<RankedRow.Scored> scored = new ArrayList<>();
    for (ColumnReader answer : columns.objects(RowGroups.COLUMN)) {
      answer.take("prompt");
      String response = answer.text("response");
      RowInfo info = answer.info();
      rows.add(
          new PromptCompletionRow(prompt, Passage.assistant(response), ChatContext.NONE, info));
      scored.add(scored(response, answer.number("helpfulness")));
    }
    columns.take("response");
    rows.add(ranked(columns, prompt, scored));
    return rows;
  }

  /** A negative strength means that the first answer is better. */
  private static RankedRow helpSteerPreference(ColumnReader columns) {
    double strength = columns.number("preference_strength");
    return ranked(
        columns,
        Passage.user(columns.text("prompt")),
        List.of(
            scored(columns.text("response_1"), Math.max(0, -strength)),
            scored(columns.text("response_2"), Math.max(0, strength))));
  }

  /** Scored by the annotators' votes; a vote of 0 is a tie and counts for none. */
  private static RankedRow pandaLm(ColumnReader columns) {
    int[] votes = new int[3];
    for (int i = 1; i <= 3; i++) {
      if (columns.has("annotator" + i)) {
        votes[columns.integer("annotator" + i, 0, 2)]++;
      }
    }
    return ranked(
        columns,
        Passage.user(
            InstructionFormats.ask(columns.text("instruction"), columns.textOrEmpty("input"))),
        IntStream.of(1, 2)
            .mapToObj(i -> scored(response(columns, "response" + i), votes[i]))
            .toList());
  }

  /**
   * Some answers of the published file are JSON's true or a number where a model said just that.
   */
  private static String response(ColumnReader columns, String column) {
    Object value = columns.take(column);
    return value instanceof Boolean || value instanceof Number
        ? value.toString()
        : columns.text(column);
  }

  private static PairRow prometheus(ColumnReader columns) {
    String preferred = columns.text("orig_preference").strip();
    if (!preferred.equals("A") && !preferred.equals("B")) {
      throw columns.wrong("orig_preference", preferred, "A or B");
    }
    return pair(
        columns,
        columns.text("orig_instruction"),
        "orig_response_" + preferred,
        "orig_response_" + (preferred.equals("A") ? "B" : "A"));
  }
}
