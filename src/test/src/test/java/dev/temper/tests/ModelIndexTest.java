package dev.temper.tests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.temper.model.Families;
import java.nio.file.Files;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** {@code docs/models.md} lists the families there are, and tests that exist. */
class ModelIndexTest {
  private static final List<String> LINES = Repository.read("docs/models.md").lines().toList();

  @Test
  void every_family_is_listed_once() {
    List<String> listed =
        LINES.stream()
            .filter(line -> line.startsWith("| `") && !line.startsWith("| `model_type`"))
            .map(line -> line.substring(3, line.indexOf('`', 3)))
            .toList();
    assertThat(listed).doesNotHaveDuplicates();
    TreeSet<String> known = new TreeSet<>(Families.types());
    known.remove("granite"); // the example of docs/adding-a-model.md, registered by core's tests
    assertThat(new TreeSet<>(listed)).isEqualTo(known);
  }

  @Test
  void every_test_named_is_in_the_tree() {
    Set<String> named = new TreeSet<>();
    Matcher tests =
        Pattern.compile("`(dev\\.temper\\.[\\w.]+Test|interop/\\w+\\.py)`")
            .matcher(String.join("\n", LINES));
    while (tests.find()) {
      named.add(tests.group(1));
    }
    assertThat(named).hasSizeGreaterThan(5);
    for (String test : named) {
      boolean there =
          test.startsWith("interop/")
              ? Files.exists(Repository.root().resolve(test))
              : List.of("core", "sft", "efficiency", "alignment").stream()
                  .anyMatch(
                      module ->
                          Files.exists(
                              Repository.root()
                                  .resolve(module)
                                  .resolve("src/test/java")
                                  .resolve(test.replace('.', '/') + ".java")));
      assertThat(there).as(test).isTrue();
    }
  }
}
