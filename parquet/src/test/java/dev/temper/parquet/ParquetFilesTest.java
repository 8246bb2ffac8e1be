package dev.temper.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.temper.data.DataException;
import dev.temper.data.Dataset;
import dev.temper.data.PairRow;
import dev.temper.data.Passage;
import dev.temper.data.Row;
import dev.temper.data.RowLimits;
import dev.temper.data.RowView;
import dev.temper.data.Rows;
import dev.temper.data.TypedRows;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParquetFilesTest {
  @TempDir Path dir;

  @Test
  void a_real_file_is_found_by_its_content_and_read_row_by_row() {
    Dataset<Row> rows = Rows.load(golden("complaints.parquet"));
    assertThat(rows.size()).isEqualTo(10);
    assertThat(rows.get(0).values())
        .containsEntry("Tweet text", "@HMRCcustomers No this is my first job")
        .containsEntry("ID", 0)
        .containsEntry("text_label", "no complaint");
    assertThat(rows.get(3).origin().toString()).endsWith("complaints.parquet (element 3)");
  }

  @Test
  void nested_columns_become_typed_pairs() {
    Dataset<PairRow> pairs = TypedRows.load(golden("pairs.parquet"), RowView.PAIRS);
    assertThat(pairs.size()).isEqualTo(2);
    PairRow first = pairs.get(0);
    assertThat(((Passage.Messages) first.prompt()).messages())
        .containsExactly(Map.of("role", "user", "content", "Hi, \"you\"\n\u00e9 \ud83d\ude00"));
    assertThat(first.scores().margin()).hasValue(0.5);
    Map<String, Object> extras = new LinkedHashMap<>();
    extras.put("n", 1L << 40);
    extras.put("tags", Arrays.asList("a", null));
    extras.put("meta", Map.of("ok", true));
    assertThat(first.info().extras()).isEqualTo(extras);
    assertThat(pairs.get(1).scores().margin()).isEmpty();
    assertThat(pairs.get(1).info().extras()).containsEntry("tags", Collections.emptyList());
  }

  @Test
  void missing_columns_a_cut_file_and_a_wild_name_are_one_error_each() throws IOException {
    assertThatThrownBy(() -> TypedRows.load(golden("complaints.parquet"), RowView.SFT))
        .isInstanceOf(DataException.class)
        .hasMessageContainingAll(
            "complaints.parquet (element 0): the columns [Tweet text, ID, Label, text_label, output]",
            "are of no known format");
    byte[] bytes = Files.readAllBytes(golden("complaints.parquet"));
    Path cut = Files.write(dir.resolve("cut.parquet"), Arrays.copyOf(bytes, bytes.length / 2));
    assertThatThrownBy(() -> Rows.load(cut))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("cut.parquet: not a Parquet file that can be read");
    Path wild = Files.write(dir.resolve("a[1].parquet"), bytes);
    assertThatThrownBy(() -> Rows.load(wild)).hasMessageContaining("rename it");
    Path quoted = Files.write(dir.resolve("it's.parquet"), bytes);
    assertThat(Rows.load(quoted).size()).isEqualTo(10);
  }

  @Test
  void damaged_files_give_rows_or_one_error() throws IOException {
    damage(60, 20261125);
  }

  @Test
  @Tag("slow")
  void many_damaged_files_give_rows_or_one_error() throws IOException {
    damage(1_000, 4);
  }

  private void damage(int trials, long seed) throws IOException {
    List<byte[]> seeds =
        List.of(
            Files.readAllBytes(golden("complaints.parquet")),
            Files.readAllBytes(golden("pairs.parquet")));
    SplittableRandom random = new SplittableRandom(seed);
    int refused = 0;
    for (int trial = 0; trial < trials; trial++) {
      byte[] bytes = seeds.get(trial % 2).clone();
      for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
        int at = 4 + random.nextInt(bytes.length - 4);
        // The metadata at the end is where damage does most.
        at = random.nextBoolean() ? at : Math.max(at, bytes.length - 1 - random.nextInt(1500));
        bytes[at] =
            random.nextBoolean()
                ? (byte) random.nextInt(256)
                : (byte) (bytes[at] ^ 1 << random.nextInt(8));
      }
      if (random.nextInt(8) == 0) {
        bytes = Arrays.copyOf(bytes, 4 + random.nextInt(bytes.length - 4));
      }
      Path file = Files.write(dir.resolve("damaged.parquet"), bytes);
      try {
        Rows.open(file, new RowLimits(1 << 20, 10_000)).stream().forEach(row -> {});
      } catch (DataException e) {
        refused++;
        assertThat(e.getMessage())
            .as("seed %s, trial %s", seed, trial)
            .contains("damaged.parquet")
            .hasSizeLessThan(1000);
      }
    }
    assertThat(refused).isGreaterThan(trials / 10);
  }

  private static Path golden(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(
                  ParquetFilesTest.class.getResource("/golden/parquet/" + name), name)
              .toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
