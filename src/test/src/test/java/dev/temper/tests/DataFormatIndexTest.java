package dev.temper.tests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.temper.data.RowFormat;
import dev.temper.data.RowFormats;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** {@code docs/data.md} lists the formats there are, in their order, and nothing else. */
class DataFormatIndexTest {
  private static final String HEADER =
      "| format | columns | gives | data sets | evidence | notes |";
  private static final String ROWS = "core/src/test/resources/golden/data/formats-real/";

  private final List<List<String>> table = table();

  @Test
  void every_format_is_listed_as_it_is() {
    assertThat(table.stream().map(cells -> String.join(" | ", cells.subList(0, 4))))
        .containsExactlyElementsOf(
            RowFormats.standard().formats().stream().map(DataFormatIndexTest::listed).toList());
  }

  @Test
  void every_data_set_is_in_the_catalogue_of_data_sets() {
    List<String> ids =
        Repository.read("docs/datasets.tsv")
            .lines()
            .skip(1)
            .map(line -> line.substring(0, line.indexOf('\t')))
            .toList();
    assertThat(ids).hasSize(51).doesNotHaveDuplicates();
    assertThat(RowFormats.standard().formats())
        .flatExtracting(RowFormat::datasets)
        .doesNotHaveDuplicates()
        .isSubsetOf(ids);
  }

  @Test
  void evidence_called_real_is_there() {
    assertThat(table).filteredOn(cells -> cells.get(4).equals("real")).hasSizeGreaterThan(10);
    assertThat(table)
        .filteredOn(cells -> cells.get(4).equals("real"))
        .extracting(cells -> cells.get(0).replace("`", ""))
        .map(
            name ->
                switch (name) {
                  case "conversations" -> "sharegpt";
                  case "question-answer" -> "gsm8k";
                  default -> name;
                })
        .allMatch(name -> Files.exists(Repository.root().resolve(ROWS + name + ".jsonl")));
  }

  private static String listed(RowFormat format) {
    return String.join(
        " | ",
        "`" + format.name() + "`",
        format.columns(),
        format.kinds().stream()
            .map(Class::getSimpleName)
            .sorted()
            .collect(Collectors.joining(", ")),
        format.datasets().stream().map(id -> "`" + id + "`").collect(Collectors.joining(" ")));
  }

  private static List<List<String>> table() {
    List<String> lines = Repository.read("docs/data.md").lines().toList();
    assertThat(lines).containsOnlyOnce(HEADER);
    return lines.subList(lines.indexOf(HEADER) + 2, lines.size()).stream()
        .takeWhile(line -> line.startsWith("|"))
        .map(line -> Arrays.stream(line.split("\\|", -1)).skip(1).map(String::strip).toList())
        .toList();
  }
}
