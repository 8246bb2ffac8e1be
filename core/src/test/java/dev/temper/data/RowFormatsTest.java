package dev.temper.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every format recognises and reads its rows: real ones, and ones made after published columns. */
class RowFormatsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final RowFormats STANDARD = RowFormats.standard();

  @TempDir Path dir;

  @Test
  void every_made_row_is_recognised_by_its_own_format_and_gives_the_kinds_it_announces() {
    Set<String> seen = new HashSet<>();
    for (Row line : Rows.load(Golden.path("formats-made.jsonl")).stream().toList()) {
      String name = (String) line.values().get("format");
      Row row = made(line);
      RowFormat format = STANDARD.recognise(row);
      assertThat(format.name()).as("%s", row.values()).isEqualTo(name);
      List<TypedRow> rows = grouped(format, row);
      assertThat(rows).as(name).isNotEmpty();
      assertThat(rows)
          .as(name)
          .allSatisfy(typed -> assertThat(format.kinds()).contains(typed.getClass()));
      seen.add(name);
    }
    for (RowFormat format : STANDARD.formats()) {
      boolean real =
          Files.exists(
              Golden.path("formats-made.jsonl")
                  .resolveSibling("formats-real/" + format.name() + ".jsonl"));
      assertThat(seen.contains(format.name()) || real || format.name().equals("alpaca-template"))
          .as("a row to test format %s", format.name())
          .isTrue();
    }
  }

  @Test
  void names_and_data_set_ids_are_unique() {
    assertThat(STANDARD.formats()).extracting(RowFormat::name).doesNotHaveDuplicates();
    assertThat(STANDARD.formats().stream().flatMap(f -> f.datasets().stream()))
        .doesNotHaveDuplicates();
  }

  @Test
  void the_preference_prompt_and_stepwise_types_of_trl_are_read_as_trl_reads_them() {
    for (JsonNode test : Golden.json("data_formats.json.gz").get("cases")) {
      String name = test.get("name").asText();
      Path file = Golden.path(test.at("/expected/file").asText());
      JsonNode expected = test.at("/expected/maybe_extract_prompt");
      List<JsonNode> rows = new ArrayList<>();
      for (Row row : Rows.load(file).stream().toList()) {
        STANDARD.read(row).forEach(typed -> rows.add(columns(typed)));
      }
      assertThat(JSON.valueToTree(rows).toString()).as(name).isEqualTo(expected.toString());
      JsonNode unpaired = test.at("/expected/unpair_preference_dataset");
      if (!unpaired.isMissingNode()) {
        List<JsonNode> parts = new ArrayList<>();
        for (boolean label : List.of(true, false)) {
          TypedRows.load(file, RowView.BINARY).stream()
              .filter(row -> row.label() == label)
              .forEach(row -> parts.add(columns(row)));
        }
        assertThat(JSON.valueToTree(parts).toString()).as(name).isEqualTo(unpaired.toString());
      }
    }
  }

  @Test
  void the_shared_prompt_of_texts_is_trl_s() {
    int compared = 0;
    for (JsonNode test : Golden.json("data_formats.json.gz").at("/extract_prompt_strings/cases")) {
      JsonNode expected = test.get("expected");
      SharedPrompt shared =
          SharedPrompt.of(test.get("chosen").asText(), test.get("rejected").asText());
      if (expected.has("error") || test.get("chosen").asText().equals("abc ")) {
        // Nothing is shared: an empty prompt, where TRL fails or looks at the end of the text.
        assertThat(shared.prompt()).isEqualTo(new Passage.Text(""));
        continue;
      }
      assertThat(shared.prompt().value()).isEqualTo(expected.get("prompt").asText());
      assertThat(shared.chosen().value()).isEqualTo(expected.get("chosen").asText());
      assertThat(shared.rejected().value()).isEqualTo(expected.get("rejected").asText());
      compared++;
    }
    assertThat(compared).isGreaterThan(8);
  }

  @Test
  void a_character_of_two_units_is_not_cut_in_half() {
    SharedPrompt shared = SharedPrompt.of("a\ud83d\ude00", "a\ud83d\ude01");
    assertThat(shared.prompt().value()).isEqualTo("a");
    assertThat(shared.chosen().value()).isEqualTo("\ud83d\ude00");
  }

  @Test
  void real_sharegpt_alpaca_and_instruction_rows_are_read() {
    ChatRow chat = (ChatRow) real("sharegpt", "conversations").get(0);
    assertThat(chat.messages()).hasSize(4);
    assertThat(chat.messages().get(3))
        .isEqualTo(Map.of("role", "assistant", "content", "You too!"));
    assertThat(chat.info().extras()).containsEntry("id", "identity_0");
    PromptCompletionRow alpaca = (PromptCompletionRow) real("alpaca", "alpaca").get(0);
    assertThat(messages(alpaca.prompt())).hasSize(3);
    PromptCompletionRow teacher =
        (PromptCompletionRow) real("instruction-response", "instruction-response").get(0);
    assertThat(messages(teacher.completion())).hasSize(1);
    List<TypedRow> seeds = real("self-instruct", "self-instruct");
    PromptCompletionRow second = (PromptCompletionRow) seeds.get(1);
    assertThat(messages(second.prompt()).get(0).get("content"))
        .isEqualTo("What is the relation between the given pairs?\nNight : Day :: Right : Left");
    PromptCompletionRow classified =
        (PromptCompletionRow) real("input-output", "input-output").get(0);
    assertThat(messages(classified.completion()).get(0)).containsEntry("content", "no complaint");
  }

  @Test
  void real_hh_transcripts_share_all_but_the_last_answer() {
    List<TypedRow> rows = real("hh", "hh");
    PairRow first = (PairRow) rows.get(0);
    assertThat(messages(first.prompt()))
        .containsExactly(Map.of("role", "user", "content", "My wife loves to cook."));
    assertThat(messages(first.chosen()))
        .containsExactly(
            Map.of("role", "assistant", "content", "Great, what can I help you with today?"));
    PairRow turns = (PairRow) rows.get(1);
    assertThat(messages(turns.prompt()))
        .extracting(m -> m.get("role"))
        .containsExactly("user", "assistant", "user");
    assertThat(messages(turns.rejected())).hasSize(1);
  }

  @Test
  void a_transcript_that_ends_in_no_words_is_an_empty_answer() {
    PairRow row =
        (PairRow)
            STANDARD
                .read(
                    row(
                        "{\"chosen\":\"\\n\\nHuman: a\\n\\nAssistant: \",\"rejected\":\"\\n\\nHuman: a\\n\\nAssistant: b\"}"))
                .get(0);
    assertThat(messages(row.chosen()).get(0)).containsEntry("content", "");
    assertThat(messages(row.prompt())).hasSize(1);
  }

  @Test
  void real_llama_factory_preferences_are_read() {
    PairRow pair = (PairRow) real("sharegpt-pair", "sharegpt-pair").get(0);
    assertThat(messages(pair.chosen()).get(0)).containsEntry("role", "assistant");
    assertThat(pair.chosen()).isNotEqualTo(pair.rejected());
    BinaryRow binary = (BinaryRow) real("messages-kto", "messages-kto").get(0);
    assertThat(binary.label()).isTrue();
    assertThat(messages(binary.prompt())).hasSize(1);
  }

  @Test
  void real_votes_of_annotators_rank_and_ties_give_no_pair() {
    List<TypedRow> rows = real("pandalm", "pandalm");
    RankedRow won = (RankedRow) rows.get(0);
    assertThat(won.completions()).extracting(RankedRow.Scored::score).containsExactly(0.0, 3.0);
    assertThat(won.pairs()).hasSize(1);
    assertThat(won.best().completion()).isEqualTo(won.completions().get(1).completion());
    RankedRow literal = (RankedRow) rows.get(3);
    assertThat(content(literal.completions().get(0).completion())).isEqualTo("true");
    RankedRow tie = (RankedRow) rows.get(2);
    assertThat(tie.pairs()).isEmpty();
    assertThat(tie.extremes()).isEmpty();
    assertThat(TypedRows.load(realFile("pandalm"), RowView.PAIRS).size()).isEqualTo(3);
  }

  @Test
  void a_real_openassistant_tree_gives_its_best_path_and_its_rankings_in_both_layouts() {
    List<TypedRow> tree = real("oasst-trees", "oasst-trees");
    ChatRow chat = (ChatRow) tree.get(0);
    assertThat(chat.messages())
        .extracting(m -> m.get("role"))
        .startsWith("user", "assistant")
        .endsWith("assistant");
    List<RankedRow> ranked = tree.stream().skip(1).map(RankedRow.class::cast).toList();
    assertThat(ranked).isNotEmpty();
    // The first reply of the best path is the best of the first ranking.
    assertThat(messages(ranked.get(0).ranking().get(0).completion()).get(0))
        .isEqualTo(chat.messages().get(1));
    assertThat(ranked.get(0).ranking()).extracting(RankedRow.Scored::score).startsWith(0.0, -1.0);

    List<TypedRow> messages = new ArrayList<>();
    try (TypedRows.Reader<ChatRow> reader =
        new TypedRows.Reader<>(
            Rows.open(realFile("oasst-messages")),
            STANDARD,
            new RowView<>(
                "chats",
                row ->
                    row instanceof ChatRow c
                        ? java.util.Optional.of(List.of(c))
                        : java.util.Optional.empty()))) {
      for (ChatRow row = reader.next(); row != null; row = reader.next()) {
        messages.add(row);
      }
      assertThat(reader.format().orElseThrow().name()).isEqualTo("oasst-messages");
    }
    assertThat(messages).hasSize(1);
    assertThat(((ChatRow) messages.get(0)).messages()).isEqualTo(chat.messages());
    assertThat(TypedRows.load(realFile("oasst-messages"), RowView.RANKED).stream())
        .extracting(RankedRow::completions)
        .containsExactlyInAnyOrderElementsOf(ranked.stream().map(RankedRow::completions).toList());
    assertThat(real("oasst-nested", "oasst-nested")).isNotEmpty();
  }

  @Test
  void a_message_whose_parent_is_missing_is_an_error() throws IOException {
    List<String> lines = Files.readAllLines(realFile("oasst-messages"));
    Path file = Files.write(dir.resolve("orphans.jsonl"), lines.subList(1, lines.size()));
    assertThatThrownBy(() -> TypedRows.load(file, RowView.RANKED))
        .isInstanceOf(DataException.class)
        .hasMessageContainingAll(
            "orphans.jsonl:1", "answers", "the rows of a tree must stand together");
  }

  @Test
  void real_steps_are_labelled_up_to_the_first_mistake() {
    List<TypedRow> rows = real("bigbench-mistake", "bigbench-mistake");
    StepwiseRow wrong = (StepwiseRow) rows.get(0);
    int mistake = (Integer) Objects.requireNonNull(wrong.info().extras().get("mistake_index"));
    assertThat(wrong.labels().subList(0, mistake)).allMatch(label -> label == 1);
    assertThat(wrong.labels().subList(mistake, wrong.labels().size()))
        .isNotEmpty()
        .allMatch(label -> label == 0);
    assertThat(((StepwiseRow) rows.get(1)).labels()).isNotEmpty().allMatch(label -> label == 1);
  }

  @Test
  void a_real_search_tree_gives_a_solution_for_each_leaf_with_soft_labels() {
    List<TypedRow> rows = real("omegaprm-tree", "omegaprm-tree");
    assertThat(rows.size()).isGreaterThan(2);
    assertThat(rows.stream().map(StepwiseRow.class::cast).flatMap(r -> r.labels().stream()))
        .contains(0.96875);
  }

  @Test
  void real_gsm8k_keeps_the_answer_for_the_reward() {
    PromptRow row = TypedRows.load(realFile("gsm8k"), RowView.PROMPTS).get(0);
    assertThat((String) row.info().extras().get("answer")).endsWith("#### 72");
    assertThat(row.info().extras()).containsKey("completion");
    assertThat(messages(row.prompt())).hasSize(1);
  }

  @Test
  void comparisons_are_mapped_by_their_own_rules() {
    PairRow shp = (PairRow) made("shp").get(0);
    assertThat(content(shp.chosen())).isEqualTo("Yes.");
    assertThat(shp.scores().chosen()).hasValue(19);
    assertThat(shp.scores().margin()).isEmpty();
    assertThat(shp.info().extras()).containsEntry("score_ratio", 3.8);

    PairRow openAi = (PairRow) made("openai-comparisons").get(0);
    assertThat(openAi.prompt().value())
        .isEqualTo("SUBREDDIT: r/pets\n\nTITLE: Cat\n\nPOST: My cat ran away.\n\nTL;DR:");
    assertThat(openAi.chosen().value()).isEqualTo(" Found dog.");

    RankedRow webGpt = (RankedRow) made("webgpt").get(0);
    assertThat(content(webGpt.pairs().get(0).chosen())).isEqualTo("Ann");

    RankedRow stack = (RankedRow) made("stackexchange").get(0);
    assertThat(content(stack.prompt())).isEqualTo("Is a < b?\n\nI think so.");
    assertThat(stack.pairs()).hasSize(2).allMatch(p -> content(p.chosen()).equals("Yes & always"));

    RankedRow nectar = (RankedRow) made("nectar").get(0);
    assertThat(content(nectar.best().completion())).isEqualTo("Apple");
    assertThat(messages(nectar.prompt())).hasSize(1);

    RankedRow ultra = (RankedRow) made("ultrafeedback").get(0);
    assertThat(ultra.completions()).extracting(RankedRow.Scored::score).containsExactly(4.75, 1.5);

    assertThat(content(((RankedRow) made("helpsteer-preference").get(0)).best().completion()))
        .isEqualTo("Apple");
    assertThat(content(((PairRow) made("prometheus-preference").get(0)).chosen()))
        .isEqualTo("Apple");
    PairRow magpie = (PairRow) made("pair").get(0);
    assertThat(content(magpie.prompt())).isEqualTo("Name a fruit.");
    assertThat(content(magpie.rejected())).isEqualTo("Carrot.");
  }

  @Test
  void helpsteer_answers_to_one_prompt_are_ranked_and_each_trained_on() throws IOException {
    String row = "{\"prompt\":\"%s\",\"response\":\"%s\",\"helpfulness\":%d,\"correctness\":4}%n";
    Path file =
        Files.writeString(
            dir.resolve("hs.jsonl"),
            row.formatted("p", "good", 4)
                + row.formatted("p", "bad", 1)
                + row.formatted("q", "one", 2));
    assertThat(TypedRows.load(file, RowView.RANKED).stream())
        .extracting(r -> r.completions().size())
        .containsExactly(2, 1);
    assertThat(TypedRows.load(file, RowView.PAIRS).size()).isEqualTo(1);
    Dataset<SftRow> sft = TypedRows.load(file, RowView.SFT);
    assertThat(sft.size()).isEqualTo(3);
    assertThat(sft.get(1).info().extras()).containsEntry("helpfulness", 1);
  }

  @Test
  void processes_are_labelled_step_by_step() {
    List<TypedRow> prm = made("prm800k");
    assertThat(prm)
        .extracting(row -> ((StepwiseRow) row).steps())
        .containsExactly(List.of("1+1=3"), List.of("1+1=2", "So?"), List.of("1+1=2", "2+1=3"));
    assertThat(prm)
        .extracting(row -> ((StepwiseRow) row).labels())
        .containsExactly(List.of(0.0), List.of(1.0, 0.0), List.of(1.0, 1.0));
    StepwiseRow shepherd = (StepwiseRow) made("math-shepherd").get(0);
    assertThat(shepherd.prompt()).isEqualTo("What is 1+1?");
    assertThat(shepherd.steps()).containsExactly("Step 1: 1+1=2", "Step 2: The answer is: 3");
    assertThat(shepherd.labels()).containsExactly(1.0, 0.0);
  }

  @Test
  void tasks_and_dialogues_are_mapped_by_their_own_rules() {
    List<TypedRow> tasks = made("super-natural-instructions");
    assertThat(tasks).hasSize(2);
    PromptCompletionRow task = (PromptCompletionRow) tasks.get(0);
    assertThat(content(task.prompt()))
        .isEqualTo(
            """
            Definition: Answer with a number.

            Positive Example 1 -
            Input: one
            Output: 1

            Positive Example 2 -
            Input: two
            Output: 2

            Now complete the following example -
            Input: three
            Output:""");
    assertThat(content(task.completion())).isEqualTo("3");
    assertThat(task.info().extras())
        .containsEntry("references", List.of("3", "three"))
        .containsKey("Categories");
    assertThat(made("hc3"))
        .hasSize(3)
        .last()
        .satisfies(r -> assertThat(r.info().extras()).containsEntry("answered_by", "chatgpt"));
    assertThat(made("unnatural-instructions")).hasSize(2);
    assertThat(((ChatRow) made("baize").get(0)).messages())
        .extracting(m -> m.get("content"))
        .containsExactly("How long?", "Six minutes.", "Thanks", "You are welcome.");
    assertThat(((ChatRow) made("ultrachat-turns").get(0)).messages())
        .extracting(m -> m.get("role"))
        .containsExactly("user", "assistant", "user", "assistant");
    assertThat(made("wildchat").get(0).info().extras())
        .containsEntry("toxic", false)
        .containsEntry("language", "English");
    PromptCompletionRow orca = (PromptCompletionRow) made("openorca").get(0);
    assertThat(messages(orca.prompt())).hasSize(2);
    assertThat(((PromptCompletionRow) made("p3").get(0)).completion().value()).isEqualTo("yes");
    assertThat(((PromptCompletionRow) made("dolly").get(0)).info().extras())
        .containsOnlyKeys("category");
    assertThat(((RankedRow) made("hellaswag").get(0)).best().completion().value())
        .isEqualTo(" adds an egg.");
  }

  @Test
  void the_two_prompts_of_alpaca_are_an_option() {
    RowFormat format = STANDARD.named("alpaca-template");
    PromptCompletionRow with =
        (PromptCompletionRow)
            format.read(row("{\"instruction\":\"Add.\",\"input\":\"1\",\"output\":\"2\"}")).get(0);
    assertThat((String) with.prompt().value())
        .startsWith("Below is an instruction that describes a task, paired with an input")
        .endsWith("### Instruction:\nAdd.\n\n### Input:\n1\n\n### Response:");
    PromptCompletionRow without =
        (PromptCompletionRow)
            format.read(row("{\"instruction\":\"Add.\",\"output\":\"2\"}")).get(0);
    assertThat((String) without.prompt().value())
        .isEqualTo(
            "Below is an instruction that describes a task. Write a response that appropriately"
                + " completes the request.\n\n### Instruction:\nAdd.\n\n### Response:");
  }

  @Test
  void a_format_of_one_s_own_is_a_few_lines_and_comes_first() throws IOException {
    RowFormat mine =
        RowFormat.of(
            "faq",
            PromptCompletionRow.class,
            c ->
                new PromptCompletionRow(
                    Passage.user(c.text("frage")),
                    Passage.assistant(c.text("antwort")),
                    c.context(),
                    c.info()),
            "frage",
            "antwort");
    Path file =
        Files.writeString(
            dir.resolve("faq.jsonl"), "{\"frage\":\"Wie?\",\"antwort\":\"So.\",\"text\":\"x\"}\n");
    SftRow row = TypedRows.load(file, STANDARD.with(mine), RowView.SFT).get(0);
    assertThat(content(((PromptCompletionRow) row).completion())).isEqualTo("So.");
    assertThat(row.info().extras()).containsOnlyKeys("text");
    Path other = Files.writeString(dir.resolve("other.jsonl"), "{\"frage\":\"Wie?\"}\n");
    assertThatThrownBy(() -> TypedRows.load(other, new RowFormats(List.of(mine)), RowView.SFT))
        .isInstanceOf(DataException.class)
        .hasMessageContainingAll(
            "other.jsonl:1: format faq needs the column [antwort], which this row has not",
            "[frage]");
  }

  @Test
  void a_file_of_two_formats_is_one_clear_error() throws IOException {
    StringBuilder lines = new StringBuilder();
    lines.append("{\"instruction\":\"a\",\"output\":\"b\"}\n".repeat(16));
    lines.append("{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}\n");
    Path file = Files.writeString(dir.resolve("mixed.jsonl"), lines);
    assertThatThrownBy(() -> TypedRows.load(file, RowView.SFT))
        .isInstanceOf(DataException.class)
        .hasMessageEndingWith(
            "mixed.jsonl:17: the file began as format alpaca (instruction + output (+ input, system,"
                + " history, tools)), but this row has [messages], which is format messages; a file"
                + " holds rows of one format");
  }

  @Test
  void of_many_columns_a_message_names_some() {
    String cells =
        java.util.stream.IntStream.range(0, 500)
            .mapToObj(i -> "\"c" + i + "\":1")
            .collect(java.util.stream.Collectors.joining(","));
    assertThatThrownBy(() -> STANDARD.read(row("{" + cells + "}")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("c19, ...] (500 columns) are of no known format")
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(800));
  }

  @Test
  void a_view_refuses_what_it_cannot_use() {
    assertThatThrownBy(() -> TypedRows.load(realFile("hh"), RowView.SFT))
        .isInstanceOf(DataException.class)
        .hasMessageContainingAll("hh.jsonl:1", "no row for supervised fine-tuning but a PairRow");
    assertThatThrownBy(() -> TypedRows.load(realFile("alpaca"), RowView.PAIRS))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("preference learning from pairs but a PromptCompletionRow");
    assertThatThrownBy(() -> STANDARD.named("nosuch"))
        .isInstanceOf(DataException.class)
        .hasMessageContainingAll("no data format \"nosuch\"", "alpaca, ");
  }

  @Test
  void wrong_values_in_nested_places_are_named() {
    fails(
        "{\"question\":\"q\",\"answers\":[{\"text\":\"a\",\"pm_score\":\"many\"}]}",
        "column \"answers[0].pm_score\" must be a number, found the text \"many\"");
    fails(
        "{\"info\":{\"post\":\"p\"},\"summaries\":[{\"text\":\"a\"}],\"choice\":0}",
        "column \"summaries\" must be a list of two summaries");
    fails(
        "{\"input\":\"p Step 1: x ки\",\"label\":\"other\"}",
        "column \"label\" must be the input with + or -");
    fails(
        "{\"prompt\":\"p\",\"completions\":[\"a\"],\"labels\":[2]}",
        "a step's label is 2.0; it must be from 0 to 1");
    fails(
        "{\"prompt\":\"p\",\"completion\":\"c\",\"label\":\"maybe\"}",
        "column \"label\" must be true or false");
    fails(
        "{\"chosen\":\"a\",\"rejected\":[{\"role\":\"user\",\"content\":\"b\"}]}",
        "column \"rejected\" must be text, as chosen is");
    fails(
        "{\"messages\":[{\"role\":\"user\",\"content\":\"b\"}],\"label\":true}",
        "the label judges the last message");
  }

  private static void fails(String json, String message) {
    assertThatThrownBy(() -> STANDARD.read(row(json)))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith("t:1: ")
        .hasMessageContaining(message);
  }

  private static List<TypedRow> made(String name) {
    return Rows.load(Golden.path("formats-made.jsonl")).stream()
        .filter(line -> name.equals(line.values().get("format")))
        .map(RowFormatsTest::made)
        .map(row -> grouped(STANDARD.recognise(row), row))
        .findFirst()
        .orElseThrow();
  }

  @SuppressWarnings("unchecked")
  private static Row made(Row line) {
    return new Row(
        line.origin(), Objects.requireNonNull((Map<String, Object>) line.values().get("row")));
  }

  private static List<TypedRow> grouped(RowFormat format, Row row) {
    List<Row> left = new ArrayList<>(List.of(row));
    RowReader reader =
        format
            .grouping()
            .apply(
                new RowReader() {
                  @Override
                  public @Nullable Row next() {
                    return left.isEmpty() ? null : left.remove(0);
                  }

                  @Override
                  public void close() {}
                });
    return format.read(Objects.requireNonNull(reader.next()));
  }

  private static Path realFile(String name) {
    return Golden.path("formats-real/" + name + ".jsonl");
  }

  private static List<TypedRow> real(String file, String format) {
    List<TypedRow> rows = new ArrayList<>();
    for (Row row : Rows.load(realFile(file)).stream().toList()) {
      assertThat(STANDARD.recognise(row).name()).isEqualTo(format);
      rows.addAll(STANDARD.read(row));
    }
    return rows;
  }

  private static Row row(String json) {
    return RowsTest.read(json).get(0);
  }

  private static List<Map<String, Object>> messages(Passage passage) {
    return ((Passage.Messages) passage).messages();
  }

  private static String content(Passage passage) {
    assertThat(messages(passage)).hasSize(1);
    return (String) Objects.requireNonNull(messages(passage).get(0).get("content"));
  }

  /** The row back in TRL's columns. */
  private static JsonNode columns(TypedRow row) {
    Map<String, Object> columns = new java.util.LinkedHashMap<>();
    if (row instanceof TextRow r) {
      columns.put("text", r.text());
    } else if (row instanceof ChatRow r) {
      columns.put("messages", r.messages());
    } else if (row instanceof PromptCompletionRow r) {
      columns.put("prompt", r.prompt().value());
      columns.put("completion", r.completion().value());
    } else if (row instanceof PromptRow r) {
      columns.put("prompt", r.prompt().value());
    } else if (row instanceof PairRow r) {
      columns.put("prompt", r.prompt().value());
      columns.put("chosen", r.chosen().value());
      columns.put("rejected", r.rejected().value());
    } else if (row instanceof BinaryRow r) {
      columns.put("prompt", r.prompt().value());
      columns.put("completion", r.completion().value());
      columns.put("label", r.label());
    } else if (row instanceof StepwiseRow r) {
      columns.put("prompt", r.prompt());
      columns.put("completions", r.steps());
      columns.put("labels", r.labels().stream().map(label -> label == 1).toList());
    }
    return JSON.valueToTree(columns);
  }
}
