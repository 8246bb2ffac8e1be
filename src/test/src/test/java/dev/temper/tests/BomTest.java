package dev.temper.tests;

import static dev.temper.tests.Repository.child;
import static dev.temper.tests.Repository.children;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/**
 * The BOM has no parent, so that importing it imports nothing else; here it is held to the build's
 * own versions.
 */
class BomTest {
  private static final Set<String> NOT_PUBLISHED =
      Set.of("examples", "benchmarks", "src/test", "bom");

  private final Element build = Repository.pom("pom.xml");
  private final Element bom = Repository.pom("bom/pom.xml");

  @Test
  void has_the_versions_of_the_build() {
    assertThat(text(bom, "version")).isEqualTo(text(build, "version"));
    for (String name : List.of("djl.version", "pytorch.version", "project.build.outputTimestamp")) {
      assertThat(text(child(bom, "properties"), name))
          .as(name)
          .isEqualTo(text(child(build, "properties"), name));
    }
  }

  @Test
  void names_every_published_module() {
    List<String> published =
        Repository.modules().stream()
            .filter(module -> !NOT_PUBLISHED.contains(module))
            .map(module -> text(Repository.pom(module + "/pom.xml"), "artifactId"))
            .toList();

    assertThat(managed().map(d -> text(d, "artifactId"))).containsAll(published);
  }

  @Test
  void names_the_engine_s_native_library_for_every_platform_the_build_knows() {
    List<String> platforms =
        children(child(build, "profiles"), "profile")
            .flatMap(profile -> children(profile, "properties"))
            .flatMap(properties -> children(properties, "native.classifier"))
            .map(Node::getTextContent)
            .toList();

    assertThat(managed().filter(d -> text(d, "artifactId").equals("pytorch-native-cpu")))
        .map(dependency -> text(dependency, "classifier"))
        .containsExactlyInAnyOrderElementsOf(platforms)
        .hasSize(4);
  }

  @Test
  void inherits_nothing_and_imports_nothing() {
    assertThat(children(bom, "parent")).isEmpty();
    assertThat(managed().flatMap(d -> children(d, "scope"))).isEmpty();
  }

  private Stream<Element> managed() {
    return children(child(child(bom, "dependencyManagement"), "dependencies"), "dependency");
  }

  private static String text(Element parent, String name) {
    return child(parent, name).getTextContent();
  }
}
