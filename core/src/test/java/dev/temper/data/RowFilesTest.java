package dev.temper.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files other than JSON lines and arrays, and several files together. */
class RowFilesTest {
  @TempDir Path dir;

  @Test
  void csv_has_quotes_line_breaks_and_line_numbers() throws IOException {
    List<Row> rows =
        csv("\ufeffprompt,completion,note\r\n\"a, \"\"b\"\"\r\nc\",d,\r\n\r\né,\"\",5\r\n");
    assertThat(rows).hasSize(2);
    assertThat(rows.get(0).values())
        .containsExactly(
            Map.entry("prompt", "a, \"b\"\r\nc"),
            Map.entry("completion", "d"),
            Map.entry("note", ""));
    assertThat(rows.get(0).origin()).hasToString("t.csv:2");
    assertThat(rows.get(1).origin()).hasToString("t.csv:5");
    assertThat(rows.get(1).values()).containsEntry("note", "5").containsEntry("completion", "");
  }

  @Test
  void tsv_and_packed_csv_are_told_by_their_names() throws IOException {
    Path tsv = Files.writeString(dir.resolve("a.tsv"), "text\tlabel\nx,y\t1\n");
    assertThat(Rows.load(tsv).get(0).values()).containsEntry("text", "x,y");
    Path packed =
        Files.write(
            dir.resolve("a.csv.gz"),
            RowsTest.gzip("text\n\"x\"\n".getBytes(StandardCharsets.UTF_8)));
    assertThat(Rows.load(packed).get(0).values()).containsEntry("text", "x");
  }

  @Test
  void numbers_flags_and_lists_are_read_from_the_text_of_csv() throws IOException {
    Path file =
        Files.writeString(
            dir.resolve("kto.csv"), "prompt,completion,label,weight\np,c,True,0.5\np,d,0,\n");
    Dataset<BinaryRow> rows = TypedRows.load(file, RowView.BINARY);
    assertThat(rows.get(0).label()).isTrue();
    assertThat(rows.get(0).info().weight()).isEqualTo(0.5);
    assertThat(rows.get(1).label()).isFalse();
    assertThat(rows.get(1).info().weight()).isEqualTo(1);
    Path chats =
        Files.writeString(
            dir.resolve("chats.csv"),
            "messages\n\"[{\"\"role\"\":\"\"user\"\",\"\"content\"\":\"\"hi\"\"}]\"\n");
    ChatRow chat = (ChatRow) TypedRows.load(chats, RowView.SFT).get(0);
    assertThat(chat.messages()).containsExactly(Map.of("role", "user", "content", "hi"));
  }

  @Test
  void broken_csv_is_one_error_with_its_line() {
    assertThatThrownBy(() -> csv("a,b\n1,2\n3\n"))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith("t.csv:3: has 1 field, the first line names 2 columns");
    assertThatThrownBy(() -> csv("a,a\n1,2\n"))
        .hasMessageContaining("t.csv:1: column \"a\" is named twice");
    assertThatThrownBy(() -> csv("a,b\n1,2\n\"3,4\n5,6\n"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("not valid CSV after the row of line 2");
    assertThatThrownBy(() -> csv("a,b\n\"1\"x,2\n"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("not valid CSV");
    byte[] latin = "a,b\n1,2\n\u00e9,3\n".getBytes(StandardCharsets.ISO_8859_1);
    assertThatThrownBy(() -> all("t.csv", latin, RowLimits.DEFAULT))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("is not UTF-8 text");
    assertThatThrownBy(
            () ->
                all(
                    "t.csv",
                    ("a\n" + "x".repeat(5000)).getBytes(StandardCharsets.UTF_8),
                    new RowLimits(2000, 10)))
        .isInstanceOf(DataException.class);
  }

  @Test
  void zstd_is_unpacked_and_broken_zstd_is_an_error() {
    // printf '{"text":"a"}\n{"text":"b"}\n' | zstd -c
    byte[] packed =
        HexFormat.of()
            .parseHex("28b52ffd0458bd0000887b2274657874223a2261227d0a62227d0a010050cc2f8275550f");
    assertThat(all("t", packed, RowLimits.DEFAULT))
        .extracting(Row::values)
        .containsExactly(Map.of("text", "a"), Map.of("text", "b"));
    assertThatThrownBy(() -> all("t", Arrays.copyOf(packed, packed.length - 8), RowLimits.DEFAULT))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("cannot be read");
  }

  @Test
  void one_object_around_all_rows_is_taken_apart() {
    assertThat(values("{\"version\":\"1\",\"data\":[{\"text\":\"a\"},{\"text\":\"b\"}]}"))
        .containsExactly(Map.of("text", "a"), Map.of("text", "b"));
    assertThat(values("{\n  \"data\": [\n    {\"text\": \"a\"}\n  ]\n}\n"))
        .containsExactly(Map.of("text", "a"));
    assertThat(values("{\"prompt\":[\"a\",\"b\"],\"completion\":[\"c\",\"d\"]}"))
        .containsExactly(
            Map.of("prompt", "a", "completion", "c"), Map.of("prompt", "b", "completion", "d"));
    // These are single rows.
    assertThat(values("{\"data\":[\"a\",\"b\"]}")).hasSize(1);
    assertThat(values("{\"input_ids\":[1,2],\"labels\":[1,2]}")).hasSize(1);
    assertThat(values("{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}")).hasSize(1);
    assertThat(values("{\"data\":[{\"text\":\"a\"}]}\n{\"data\":[{\"text\":\"b\"}]}")).hasSize(2);
  }

  @Test
  void an_object_over_several_lines_is_a_row() {
    List<Row> rows = RowsTest.read("\n{\n \"text\": \"a\"\n}\n{\n \"text\":\n \"b\"}\n");
    assertThat(rows)
        .extracting(Row::values)
        .containsExactly(Map.of("text", "a"), Map.of("text", "b"));
    assertThat(rows.get(1).origin()).hasToString("t:5");
    assertThatThrownBy(() -> RowsTest.read("{\n \"text\": \n}"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("t:3: not valid JSON");
  }

  @Test
  void other_files_are_named_with_the_remedy() {
    assertThatThrownBy(() -> RowsTest.read("PAR1xxxx")).hasMessageContaining("temper-parquet");
    assertThatThrownBy(() -> all("t", new byte[] {-1, -1, -1, -1, 8, 0, 0, 0}, RowLimits.DEFAULT))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("is an Arrow file");
  }

  @Test
  void a_folder_is_its_data_files_in_order_and_train_alone_if_there_are_splits()
      throws IOException {
    write("data/train-00000-of-00002.jsonl", "{\"text\":\"a\"}\n");
    write("data/train-00001-of-00002.jsonl", "{\"text\":\"b\"}\n");
    write("data/test-00000-of-00001.jsonl", "{\"text\":\"t\"}\n");
    write("dataset_infos.json", "{}");
    write("README.md", "x");
    write(".cache/x.jsonl", "{}");
    assertThat(TypedRows.load(dir, RowView.SFT).stream().map(r -> ((TextRow) r).text()))
        .containsExactly("a", "b");
    assertThat(DataFiles.find(dir, "test")).hasSize(1);
    assertThat(DataFiles.find(dir.resolve("data").resolve("*.jsonl"))).hasSize(3);
    assertThat(DataFiles.find(dir.resolve("**.jsonl"))).hasSizeGreaterThanOrEqualTo(3);
    Files.delete(dir.resolve("data/train-00001-of-00002.jsonl"));
    assertThatThrownBy(() -> DataFiles.find(dir))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("train-00001-of-00002.jsonl: this part is missing");
    assertThatThrownBy(() -> DataFiles.find(dir, "validation"))
        .hasMessageContaining("no data file of the split validation");
    assertThatThrownBy(() -> DataFiles.find(dir.resolve("*.nothing")))
        .hasMessageContaining("no file matches");
  }

  @Test
  void a_folder_without_splits_is_read_whole_and_an_empty_one_refused() throws IOException {
    write("b.jsonl", "{\"text\":\"b\"}\n");
    write("a.csv", "text\na\n");
    assertThat(TypedRows.load(dir, RowView.SFT).stream().map(r -> ((TextRow) r).text()))
        .containsExactly("a", "b");
    Path empty = Files.createDirectory(dir.resolve("empty"));
    assertThatThrownBy(() -> DataFiles.find(empty)).hasMessageContaining("holds no data file");
  }

  private void write(String name, String text) throws IOException {
    Path file = dir.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private static List<Map<String, Object>> values(String json) {
    return RowsTest.read(json).stream().<Map<String, Object>>map(Row::values).toList();
  }

  private static List<Row> csv(String text) {
    return all("t.csv", text.getBytes(StandardCharsets.UTF_8), RowLimits.DEFAULT);
  }

  static List<Row> all(String name, byte[] bytes, RowLimits limits) {
    try (RowReader reader = Rows.open(name, new ByteArrayInputStream(bytes), limits)) {
      return reader.stream().toList();
    }
  }
}
