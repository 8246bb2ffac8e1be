package dev.temper.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SftRowTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void the_formats_of_trl_are_read_as_trl_reads_them() {
    for (JsonNode test : Golden.json("data_formats.json.gz").get("cases")) {
      String name = test.get("name").asText();
      if (!name.startsWith("language_modeling") && !name.startsWith("prompt_completion")) {
        continue;
      }
      Dataset<SftRow> rows =
          Rows.load(Golden.path(test.at("/expected/file").asText())).map(SftRow::parse);
      JsonNode expected = test.at("/expected/maybe_extract_prompt");
      assertThat(rows.size()).as(name).isEqualTo(expected.size());
      for (int i = 0; i < rows.size(); i++) {
        SftRow row = rows.get(i);
        assertThat(columns(row)).as("%s %s", name, i).isEqualTo(expected.get(i));
        assertThat(row.info().weight()).isEqualTo(1);
        assertThat(row.info().extras()).isEmpty();
        assertThat(row.origin().line()).isEqualTo(i + 1);
      }
    }
  }

  @Test
  void from_and_value_become_role_and_content_as_in_trl() {
    JsonNode cases = Golden.json("data_formats.json.gz").at("/maybe_convert_to_chatml/cases");
    assertThat(cases).hasSize(3);
    for (JsonNode test : cases) {
      assertThat(columns(parse(test.get("input").toString()))).isEqualTo(test.get("expected"));
    }
  }

  @Test
  void rows_for_other_purposes_are_refused_with_the_columns_found_and_accepted() {
    for (String name :
        List.of(
            "preference_explicit_standard",
            "preference_implicit_conversational",
            "prompt_only_standard",
            "stepwise_supervision_standard")) {
      Row row = Rows.load(Golden.path("formats/" + name + ".jsonl")).get(1);
      assertThatThrownBy(() -> SftRow.parse(row))
          .isInstanceOf(DataException.class)
          .hasMessageContainingAll(
              name + ".jsonl:2: the columns " + row.values().keySet(),
              "input_ids | messages | conversations | prompt + completion | text");
    }
  }

  @Test
  void real_sharegpt_data_with_tools_becomes_roles_and_tool_calls() {
    ChatRow row = (ChatRow) SftRow.parse(Rows.load(Golden.path("real/sharegpt_tools.json")).get(0));
    assertThat(row.messages())
        .extracting(message -> message.get("role"))
        .startsWith("user", "assistant", "user", "assistant", "tool", "assistant");
    assertThat(row.messages().get(3).get("tool_calls"))
        .isEqualTo(
            List.of(
                Map.of(
                    "type",
                    "function",
                    "function",
                    Map.of(
                        "name",
                        "search_recipes",
                        "arguments",
                        Map.of("ingredients", List.of("chicken", "bell peppers", "rice"))))));
    assertThat(row.context().tools())
        .isNotEmpty()
        .allSatisfy(tool -> assertThat(tool).containsKey("name"));
    assertThat(row.info().extras()).isEmpty();
  }

  @Test
  void conversations_that_already_have_roles_keep_their_other_columns() {
    Dataset<SftRow> rows =
        Rows.load(Golden.path("real/multi_turn_chat_conversations.jsonl")).map(SftRow::parse);
    ChatRow row = (ChatRow) rows.get(0);
    assertThat(row.messages()).hasSize(5);
    assertThat(row.messages().get(0).get("role")).isEqualTo("system");
    assertThat(row.info().extras()).containsOnlyKeys("group", "dataset", "metadata");
  }

  @Test
  void a_system_column_begins_a_sharegpt_conversation() {
    ChatRow row =
        (ChatRow)
            parse(
                "{\"conversations\":[{\"from\":\"human\",\"value\":\"hi\"},{\"from\":\"gpt\",\"value\":\"yo\"}],\"system\":\"Be brief.\"}");
    assertThat(row.messages().get(0)).isEqualTo(Map.of("role", "system", "content", "Be brief."));
    assertThat(row.messages()).hasSize(3);
  }

  @Test
  void alpaca_rows_become_messages() {
    PromptCompletionRow row =
        (PromptCompletionRow)
            parse(
                "{\"instruction\":\"Add.\",\"input\":\"1+1\",\"output\":\"2\",\"system\":\"S\",\"history\":[[\"q\",\"a\"]],\"id\":7}");
    assertThat(columns(row).toString())
        .isEqualTo(
            "{\"prompt\":[{\"role\":\"system\",\"content\":\"S\"},{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"a\"},"
                + "{\"role\":\"user\",\"content\":\"Add.\\n1+1\"}],\"completion\":[{\"role\":\"assistant\",\"content\":\"2\"}]}");
    assertThat(row.info().extras()).containsOnly(Map.entry("id", 7));
    PromptCompletionRow plain =
        (PromptCompletionRow) parse("{\"instruction\":\"Add.\",\"input\":\"\",\"output\":\"2\"}");
    assertThat(((Passage.Messages) plain.prompt()).messages())
        .containsExactly(Map.of("role", "user", "content", "Add."));
  }

  @Test
  void null_cells_are_absent_columns_and_null_keys_of_messages_are_dropped() {
    SftRow row = parse("{\"messages\":null,\"text\":\"x\",\"input_ids\":null}");
    assertThat(row).isInstanceOf(TextRow.class);
    ChatRow chat =
        (ChatRow)
            parse(
                "{\"messages\":[{\"role\":\"user\",\"content\":\"x\",\"tool_calls\":null,\"name\":null}]}");
    assertThat(chat.messages().get(0)).containsOnlyKeys("role", "content");
  }

  @Test
  void weight_tools_and_template_variables_are_read() {
    ChatRow row =
        (ChatRow)
            parse(
                "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"weight\":0.25,\"tools\":\"[{\\\"type\\\":\\\"function\\\"}]\","
                    + "\"chat_template_kwargs\":{\"enable_thinking\":false},\"note\":null}");
    assertThat(row.info().weight()).isEqualTo(0.25);
    assertThat(row.context().tools()).containsExactly(Map.of("type", "function"));
    assertThat(row.context().templateKwargs()).containsExactly(Map.entry("enable_thinking", false));
    assertThat(row.info().extras()).containsOnlyKeys("note");
  }

  @Test
  void a_null_content_is_allowed_only_with_tool_calls() {
    ChatRow row =
        (ChatRow)
            parse(
                "{\"messages\":[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"type\":\"function\"}]}]}");
    assertThat(row.messages().get(0)).containsEntry("content", null);
    fails(
        "{\"messages\":[{\"role\":\"assistant\",\"content\":null}]}",
        "messages[0]: \"content\" must be text");
  }

  @Test
  void wrong_values_are_named() {
    fails("{\"text\":5}", "t:1: column \"text\" must be text, found 5");
    fails(
        "{\"messages\":[]}",
        "column \"messages\" must be a list of at least one message, found an empty list");
    fails("{\"messages\":[\"x\"]}", "messages[0]: must be an object with \"role\"");
    fails(
        "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"},{\"content\":\"x\"}]}",
        "messages[1]: \"role\" must be text",
        "keys are [content]");
    fails(
        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}]}",
        "messages[0].content[0]: a part of type text must have \"text\"");
    fails(
        "{\"messages\":[{\"role\":\"user\",\"content\":[1]}]}",
        "messages[0].content[0]: must be an object with a \"type\"");
    fails(
        "{\"prompt\":\"a\",\"completion\":[{\"role\":\"user\",\"content\":\"x\"}]}",
        "must both be text or both be lists of messages");
    fails(
        "{\"text\":\"a\",\"weight\":-1}",
        "column \"weight\" is -1.0; it must be a finite number, 0 or more");
    fails("{\"text\":\"a\",\"weight\":\"heavy\"}", "column \"weight\" must be a number");
    fails(
        "{\"conversations\":[{\"from\":\"function_call\",\"value\":\"{oops\"}]}",
        "conversations[0]: the value of a function_call is not JSON");
    fails(
        "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":\"{oops\"}",
        "column \"tools\" is text but not JSON");
    fails(
        "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":[1]}",
        "column \"tools[0]\" must be a JSON schema");
    fails(
        "{\"instruction\":\"a\",\"output\":\"b\",\"history\":[[1]]}",
        "column \"history[0]\" must be a pair of texts");
  }

  @Test
  void tokenized_rows_train_what_labels_and_all_masks_allow() {
    TokenRow row =
        (TokenRow)
            parse(
                "{\"input_ids\":[5,6,7,8],\"labels\":[-100,6,7,8],\"completion_mask\":[0,0,1,1],\"assistant_masks\":[true,true,true,false],\"weight\":2}");
    assertThat(row.example().ids()).containsExactly(5, 6, 7, 8);
    assertThat(row.example().weights()).containsExactly(0, 0, 1, 0);
    assertThat(row.info().weight()).isEqualTo(2);
    assertThat(((TokenRow) parse("{\"input_ids\":[5,6],\"labels\":null}")).example().weights())
        .containsExactly(1, 1);
  }

  @Test
  void wrong_tokenized_rows_are_refused() {
    fails(
        "{\"input_ids\":[1,-2]}",
        "column \"input_ids[1]\" must be an integer of at least 0, found -2");
    fails("{\"input_ids\":[1,2.5]}", "column \"input_ids[1]\"");
    fails(
        "{\"input_ids\":[1,2],\"labels\":[1]}",
        "column \"labels\" must be as long as input_ids, 2 values");
    fails("{\"input_ids\":[1,2],\"labels\":[2,-100]}", "labels are not shifted in the data");
    fails(
        "{\"input_ids\":[1,2],\"completion_mask\":[0,2]}",
        "column \"completion_mask[1]\" must be an integer from 0 to 1");
  }

  @Test
  void real_tokenized_data_is_read() {
    Dataset<SftRow> rows = Rows.load(Golden.path("real/tokenized.json.gz")).map(SftRow::parse);
    assertThat(rows.stream())
        .allSatisfy(row -> assertThat(((TokenRow) row).example().trainedTokens()).isPositive());
  }

  private static SftRow parse(String json) {
    return SftRow.parse(RowsTest.read(json).get(0));
  }

  private static void fails(String json, String... parts) {
    assertThatThrownBy(() -> parse(json))
        .isInstanceOf(DataException.class)
        .hasMessageContainingAll(parts);
  }

  /** The row back in TRL's columns. */
  private static JsonNode columns(SftRow row) {
    if (row instanceof TextRow text) {
      return JSON.createObjectNode().put("text", text.text());
    }
    if (row instanceof ChatRow chat) {
      return JSON.createObjectNode().set("messages", JSON.valueToTree(chat.messages()));
    }
    PromptCompletionRow pair = (PromptCompletionRow) row;
    return JSON.createObjectNode()
        .<com.fasterxml.jackson.databind.node.ObjectNode>set("prompt", value(pair.prompt()))
        .set("completion", value(pair.completion()));
  }

  private static JsonNode value(Passage passage) {
    return passage instanceof Passage.Text text
        ? JSON.valueToTree(text.text())
        : JSON.valueToTree(((Passage.Messages) passage).messages());
  }
}
