package dev.temper.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RowsTest {
  @TempDir private Path folder;

  @Test
  void reads_json_lines_with_line_numbers_skipping_blank_lines() {
    List<Row> rows = read("{\"a\":1}\n\n  {\"a\":2}\r\n\t\n{\"a\":3}");
    assertThat(rows).extracting(row -> row.values().get("a")).containsExactly(1, 2, 3);
    assertThat(rows)
        .extracting(row -> row.origin().toString())
        .containsExactly("t:1", "t:3", "t:5");
  }

  @Test
  void reads_a_json_array_with_lines_and_elements() {
    List<Row> rows = read("\n[\n {\"a\":1},\n {\"a\":\n2}]\n");
    assertThat(rows).extracting(row -> row.values().get("a")).containsExactly(1, 2);
    assertThat(rows)
        .extracting(row -> row.origin().toString())
        .containsExactly("t:3 (element 0)", "t:4 (element 1)");
  }

  @Test
  void reads_gzip_of_several_members_and_a_byte_order_mark() throws IOException {
    byte[] first = gzip("\ufeff{\"a\":\"é\"}\n".getBytes(StandardCharsets.UTF_8));
    byte[] second = gzip("{\"a\":2}\n".getBytes(StandardCharsets.UTF_8));
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    Path file = Files.write(folder.resolve("rows.jsonl"), both);
    assertThat(Rows.load(file).stream())
        .extracting(row -> row.values().get("a"))
        .containsExactly("é", 2);
    assertThat(all(gzip("\ufeff[{\"a\":1}]".getBytes(StandardCharsets.UTF_8)), RowLimits.DEFAULT))
        .hasSize(1);
  }

  @Test
  void keeps_the_kinds_of_values_and_the_order_of_columns() {
    Row row =
        read("{\"z\":1,\"y\":5000000000,\"x\":123456789012345678901,\"w\":0.5,\"v\":null,\"u\":[true,{}],\"t\":\"\\u00e9\"}")
            .get(0);
    assertThat(row.values().keySet()).containsExactly("z", "y", "x", "w", "v", "u", "t");
    assertThat(row.values().values())
        .containsExactly(
            1,
            5_000_000_000L,
            new BigInteger("123456789012345678901"),
            0.5,
            null,
            List.of(true, java.util.Map.of()),
            "é");
    assertThat(row.columns()).doesNotContain("v").hasSize(6);
  }

  @Test
  void an_empty_file_has_no_rows_and_cannot_be_loaded() throws IOException {
    assertThat(read("")).isEmpty();
    assertThat(read("\n \n")).isEmpty();
    assertThat(read("[]")).isEmpty();
    Path file = Files.writeString(folder.resolve("empty.jsonl"), "\n");
    assertThatThrownBy(() -> Rows.load(file))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("empty.jsonl: has no rows");
  }

  @Test
  void errors_name_file_line_and_column() {
    fails("{\"a\":1}\n{\"a\":é}", "t:2: not valid JSON: ", "(column ");
    fails("{\"é\":1 \"b\":2}", "t:1: not valid JSON", "(column 8)");
    fails("\n  {\"é\":1 \"b\":2}", "t:2: not valid JSON", "(column 10)");
    fails(" [{\"a\":}]", "t:1 (element 0): not valid JSON", "(column 8)");
    fails("{\"a\":1}\n{\n\"a\":2}", "t:2: not valid JSON", "an object must be on one line");
    fails("{\"a\":1} {\"a\":2}", "t:1: not valid JSON: more than one value on the line");
    fails("{\"a\":1}\n[1]", "t:2: expected a JSON object", "[1]");
    fails("{\"a\":1,\"a\":2}", "key \"a\" appears twice");
    fails("{\"a\":NaN}", "t:1: not valid JSON", "NaN");
    fails("{\"a\":1e999}", "too large for a double");
    fails("[{\"a\":1},\n{\"a\":}]", "t:2 (element 1): not valid JSON", "(column 6)");
    fails("[{\"a\":1},\n7]", "t:2 (element 1): expected a JSON object");
    fails("[{\"a\":1}", "t:1 (element 1): not valid JSON");
    fails("[{\"a\":1}]\n{}", "t:2: something follows the end of the JSON array");
    fails("[{\"a\":1}]]", "t:1: not valid JSON");
  }

  @Test
  void errors_do_not_show_internals_of_the_parser() {
    assertThatThrownBy(() -> read("{\"a\":1"))
        .hasMessageNotContainingAny("Source", "StreamRead", "REDACTED");
    assertThatThrownBy(() -> read("[".repeat(300)))
        .hasMessageNotContainingAny("Source", "StreamRead", "REDACTED");
  }

  @Test
  void other_kinds_of_files_are_recognised() {
    fails("PAR1xxxx", "t: is a Parquet file");
    fails("PK\u0003\u0004", "t: is compressed");
    assertThatThrownBy(() -> all("{}".getBytes(StandardCharsets.UTF_16), RowLimits.DEFAULT))
        .hasMessageContaining("UTF-16");
    assertThatThrownBy(() -> all("{}".getBytes(StandardCharsets.UTF_16LE), RowLimits.DEFAULT))
        .hasMessageContaining("UTF-8");
    assertThatThrownBy(() -> all("[{}]".getBytes(StandardCharsets.UTF_16BE), RowLimits.DEFAULT))
        .hasMessageContaining("UTF-8");
    assertThatThrownBy(() -> Rows.open(folder))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("is a directory");
    assertThatThrownBy(() -> Rows.open(folder.resolve("none.jsonl")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("no such file");
  }

  @Test
  void invalid_utf8_and_broken_gzip_are_data_errors() throws IOException {
    assertThatThrownBy(
            () -> all(new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'}, RowLimits.DEFAULT))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("t:1: not valid JSON: Invalid UTF-8");
    byte[] packed = gzip("{\"a\":1}\n".repeat(1000).getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(() -> all(Arrays.copyOf(packed, packed.length / 2), RowLimits.DEFAULT))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("cannot be read");
  }

  @Test
  void rows_over_a_limit_are_errors_in_both_formats() {
    RowLimits small = new RowLimits(100, 10);
    String object = "{\"a\":\"" + "x".repeat(200) + "\"}";
    assertThatThrownBy(() -> all(object.getBytes(StandardCharsets.UTF_8), small))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("longer than 100 bytes");
    assertThatThrownBy(() -> all(("[" + object + "]").getBytes(StandardCharsets.UTF_8), small))
        .isInstanceOf(DataException.class);
    String many = "{\"a\":[" + "1,".repeat(20) + "1]}";
    assertThatThrownBy(() -> all(many.getBytes(StandardCharsets.UTF_8), small))
        .hasMessageContaining("more than 10 values");
    assertThatThrownBy(() -> all(("[" + many + "]").getBytes(StandardCharsets.UTF_8), small))
        .hasMessageContaining("more than 10 values");
    String names = "[{" + "\"" + "n".repeat(60) + "\":{\"" + "m".repeat(60) + "\":1}}]";
    assertThatThrownBy(() -> all(names.getBytes(StandardCharsets.UTF_8), small))
        .hasMessageContaining("more than 100 characters");
    fails("{\"a\":" + "[".repeat(100_000), "nesting depth");
  }

  @Test
  void a_line_of_exactly_the_limit_is_read() {
    String object = "{\"a\":\"" + "x".repeat(5000 - 8) + "\"}";
    byte[] bytes = object.getBytes(StandardCharsets.UTF_8);
    assertThat(bytes).hasSize(5000);
    assertThat(all(bytes, new RowLimits(5000, 10))).hasSize(1);
    assertThatThrownBy(() -> all(bytes, new RowLimits(4999, 10))).isInstanceOf(DataException.class);
  }

  @Test
  void an_endless_line_or_a_gzip_bomb_takes_bounded_memory() throws IOException {
    RowLimits limits = new RowLimits(1 << 20, 1000);
    InputStream endless =
        new InputStream() {
          private boolean begun;

          @Override
          public int read() {
            int b = begun ? 'x' : '{';
            begun = true;
            return b;
          }

          @Override
          public int read(byte[] to, int offset, int length) {
            Arrays.fill(to, offset, offset + length, (byte) 'x');
            to[offset] = (byte) read();
            return length;
          }
        };
    try (RowReader reader = Rows.open("t", endless, limits)) {
      assertThatThrownBy(reader::next).hasMessageContaining("longer than");
    }
    ByteArrayOutputStream bomb = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bomb)) {
      out.write("{\"a\":\"".getBytes(StandardCharsets.UTF_8));
      byte[] block = "y".repeat(1 << 16).getBytes(StandardCharsets.UTF_8);
      for (int i = 0; i < 1000; i++) {
        out.write(block);
      }
    }
    assertThatThrownBy(() -> all(bomb.toByteArray(), limits)).hasMessageContaining("longer than");
  }

  @Test
  void closing_the_stream_closes_the_file() {
    AtomicBoolean closed = new AtomicBoolean();
    InputStream in =
        new ByteArrayInputStream("{\"a\":1}\n{\"a\":2}".getBytes(StandardCharsets.UTF_8)) {
          @Override
          public void close() {
            closed.set(true);
          }
        };
    try (Stream<Row> rows = Rows.open("t", in, RowLimits.DEFAULT).stream()) {
      assertThat(rows.limit(1)).hasSize(1);
    }
    assertThat(closed).isTrue();
  }

  @Test
  void a_column_can_be_renamed_in_its_place() {
    Row row = read("{\"a\":1,\"b\":2}").get(0).rename("a", "c");
    assertThat(row.values())
        .containsExactly(java.util.Map.entry("c", 1), java.util.Map.entry("b", 2));
    assertThatThrownBy(() -> row.rename("x", "y")).hasMessageContaining("columns are [c, b]");
    assertThatThrownBy(() -> row.rename("c", "b")).hasMessageContaining("that column exists");
  }

  static List<Row> read(String text) {
    return all(text.getBytes(StandardCharsets.UTF_8), RowLimits.DEFAULT);
  }

  static List<Row> all(byte[] bytes, RowLimits limits) {
    List<Row> rows = new ArrayList<>();
    try (RowReader reader = Rows.open("t", new ByteArrayInputStream(bytes), limits)) {
      for (Row row = reader.next(); row != null; row = reader.next()) {
        rows.add(row);
      }
    }
    return rows;
  }

  static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  private static void fails(String text, String... parts) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(DataException.class)
        .hasMessageContainingAll(parts);
  }
}
