package dev.temper.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Damaged files of every format give typed rows or one {@link DataException}: no other exception,
 * no hang.
 */
class RowFormatsFuzzTest {
  private static final RowLimits LIMITS = new RowLimits(1 << 18, 20_000);
  private static final RowView<TypedRow> ANY =
      new RowView<>("testing", row -> Optional.of(List.of(row)));

  @Test
  void damaged_rows_never_crash_the_formats() throws IOException {
    damage(5_000, 20261125);
  }

  @Test
  @Tag("slow")
  void a_hundred_thousand_damaged_files_never_crash_the_formats() throws IOException {
    damage(100_000, 7);
  }

  private static void damage(int trials, long seed) throws IOException {
    List<Map.Entry<String, byte[]>> seeds = seeds();
    SplittableRandom random = new SplittableRandom(seed);
    int read = 0;
    int refused = 0;
    for (int trial = 0; trial < trials; trial++) {
      Map.Entry<String, byte[]> chosen = seeds.get(random.nextInt(seeds.size()));
      byte[] damaged =
          random.nextInt(3) == 0
              ? swapped(chosen.getValue(), random)
              : RowsFuzzTest.damage(chosen.getValue(), random);
      try (TypedRows.Reader<TypedRow> reader =
          new TypedRows.Reader<>(
              Rows.open(chosen.getKey(), new ByteArrayInputStream(damaged), LIMITS),
              RowFormats.standard(),
              ANY)) {
        while (reader.next() != null) {
          read++;
        }
      } catch (DataException e) {
        refused++;
        assertThat(e.getMessage()).startsWith("t").hasSizeLessThan(2000);
      } catch (RuntimeException | StackOverflowError e) {
        fail(
            "seed "
                + seed
                + ", trial "
                + trial
                + ": "
                + new String(damaged, StandardCharsets.UTF_8),
            e);
      }
    }
    assertThat(read).isPositive();
    assertThat(refused).isGreaterThan(trials / 4);
  }

  /** Values of other types in valid JSON: what flipped bytes rarely give. */
  private static byte[] swapped(byte[] bytes, SplittableRandom random) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    String[] values = {"null", "-1", "1e308", "[]", "{}", "\"\"", "true", "[null]", "{\"a\":null}"};
    String[] parts = text.split("(?<=:)", -1);
    StringBuilder changed = new StringBuilder();
    int victim = random.nextInt(parts.length);
    for (int i = 0; i < parts.length; i++) {
      String part = parts[i];
      changed.append(
          i == victim
              ? part.replaceFirst(
                  "^\\s*(\"[^\"\\\\]*\"|[-0-9.]+|true|false|\\[|\\{)",
                  values[random.nextInt(values.length)].replace("\\", "\\\\"))
              : part);
    }
    return changed.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static List<Map.Entry<String, byte[]>> seeds() throws IOException {
    List<Map.Entry<String, byte[]>> seeds = new ArrayList<>();
    Path made = Golden.path("formats-made.jsonl");
    try (Stream<Path> real = Files.list(made.resolveSibling("formats-real"))) {
      for (Path file : real.toList()) {
        seeds.add(Map.entry("t", Files.readAllBytes(file)));
      }
    }
    ObjectMapper json = new ObjectMapper();
    for (String line : Files.readAllLines(made)) {
      JsonNode row = json.readTree(line).get("row");
      seeds.add(Map.entry("t", (row + "\n").getBytes(StandardCharsets.UTF_8)));
      seeds.add(Map.entry("t", row.toPrettyString().getBytes(StandardCharsets.UTF_8)));
    }
    byte[] csv =
        "prompt,completion,label,weight\n\"a, b\",c,true,1\n\"d\"\"e\",\"f\ng\",0,0.5\n"
            .getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < 10; i++) {
      seeds.add(Map.entry("t.csv", csv));
    }
    seeds.add(Map.entry("t.csv.gz", RowsTest.gzip(csv)));
    seeds.add(
        Map.entry(
            "t",
            HexFormat.of()
                .parseHex(
                    "28b52ffd0458bd0000887b2274657874223a2261227d0a62227d0a010050cc2f8275550f")));
    return seeds;
  }
}
