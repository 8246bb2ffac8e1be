package dev.temper.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code docs/algorithms.md} names only what exists, and everything once. */
class AlgorithmIndexTest {
  private static final String HEADER = "| id | class | test | paper | differences from the paper |";

  /** A row of the index. */
  private record Row(String id, String type, String test, String paper, String differences) {
    static Row parse(String line) {
      String[] cells = line.split("(?<!\\\\)\\|", -1);
      assertThat(cells).as("cells between the bars of: %s", line).hasSize(7);
      return new Row(
          code(cells[1]), code(cells[2]), code(cells[3]), cells[4].strip(), cells[5].strip());
    }

    private static String code(String cell) {
      assertThat(cell.strip()).as("a name in backquotes").matches("`[^`]+`");
      return cell.strip().replace("`", "");
    }
  }

  private final List<String> catalogue = Repository.read("docs/catalogue.tsv").lines().toList();
  private final List<Row> index = index();

  @Test
  void the_catalogue_has_every_algorithm_of_the_survey_once() {
    assertThat(catalogue.get(0)).isEqualTo("id\tname\tfamily\tpaper");
    assertThat(catalogue).allMatch(line -> line.split("\t", -1).length == 4, "has four columns");
    assertThat(ids()).hasSize(374).doesNotHaveDuplicates().allMatch(id -> id.matches("[a-z0-9-]+"));
  }

  @Test
  void every_id_is_in_the_catalogue_and_listed_once() {
    assertThat(ids()).containsAll(index.stream().map(Row::id).toList());
    assertThat(index).extracting(Row::id).doesNotHaveDuplicates();
  }

  @Test
  void every_class_is_on_the_class_path() {
    assertThat(index).allSatisfy(row -> assertThat(load(row.type())).isPublic());
  }

  @Test
  void every_test_is_in_the_tree() {
    assertThat(index)
        .allSatisfy(row -> assertThat(testSources(row.test())).as(row.test()).hasSize(1));
  }

  @Test
  void every_row_links_its_paper_and_says_how_it_differs() {
    assertThat(index)
        .allSatisfy(
            row -> {
              assertThat(row.paper()).matches("\\[.+]\\(https://.+\\).*");
              assertThat(row.differences()).as("say none where there is none").isNotEmpty();
            });
  }

  private Stream<String> ids() {
    return catalogue.stream().skip(1).map(line -> line.substring(0, line.indexOf('\t')));
  }

  private static List<Row> index() {
    List<String> lines = Repository.read("docs/algorithms.md").lines().toList();
    assertThat(lines).as("docs/algorithms.md has one table").containsOnlyOnce(HEADER);
    return lines.subList(lines.indexOf(HEADER) + 2, lines.size()).stream()
        .takeWhile(line -> line.startsWith("|"))
        .map(Row::parse)
        .toList();
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(name, false, AlgorithmIndexTest.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new AssertionError("no class " + name + " (a nested class is named Outer$Inner)", e);
    }
  }

  private static List<Path> testSources(String name) {
    String file = "src/test/java/" + name.replace('.', '/') + ".java";
    return Repository.modules().stream()
        .map(module -> Repository.root().resolve(module).resolve(file))
        .filter(Files::isRegularFile)
        .toList();
  }
}
