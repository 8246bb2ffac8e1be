package dev.temper.tests;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.GeneralCodingRules;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The boundaries between modules and packages. A boundary that no test guards does not last.
 *
 * <p>Only the main classes are examined; tests may use what they need.
 */
class ArchitectureTest {
  private static JavaClasses classes;

  @BeforeAll
  static void readClasses() {
    classes =
        new ClassFileImporter()
            .withImportOption(place -> !place.contains("/test-classes/"))
            .withImportOption(place -> !place.contains("-tests.jar"))
            .importPackages("dev.temper");
  }

  @Test
  void sees_the_classes_of_every_module_it_guards() {
    Set<Module> seen =
        classes.stream()
            .filter(c -> !c.getSimpleName().equals("package-info"))
            .map(Module::of)
            .collect(Collectors.toSet());
    List<Module> built =
        Module.ALL.stream().filter(m -> m != Module.BENCHMARKS && m.hasCode()).toList();

    assertThat(seen).contains(Module.CORE).containsAll(built);
  }

  @ParameterizedTest
  @EnumSource
  void imports_go_one_way(Module module) {
    ArchRule rule =
        noClasses()
            .that(module.classes())
            .should()
            .dependOnClassesThat(
                describe(
                    "are of a module that " + module + " does not use",
                    (JavaClass used) ->
                        used.getPackageName().startsWith("dev.temper")
                            && !module.mayUse(Module.of(used))));
    check(rule);
  }

  @ParameterizedTest
  @EnumSource
  void internal_packages_are_used_in_their_own_module_only(Module module) {
    ArchRule rule =
        noClasses()
            .that(module.classes())
            .should()
            .dependOnClassesThat(
                resideInAPackage("dev.temper..internal..")
                    .and(describe("of another module", used -> Module.of(used) != module)));
    check(rule);
  }

  @Test
  void packages_have_no_cycles() {
    check(slices().matching("dev.temper.(*)..").should().beFreeOfCycles());
  }

  @Test
  void the_root_package_uses_no_other() {
    check(
        noClasses()
            .that()
            .resideInAPackage("dev.temper")
            .should()
            .dependOnClassesThat(resideInAPackage("dev.temper.*..")));
  }

  @Test
  void the_engine_is_used_in_tensor_and_the_tokenizer_only() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackages("dev.temper.tensor..", "dev.temper.text..")
            .should()
            .dependOnClassesThat(resideInAPackage("ai.djl..")));
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage("dev.temper.tensor..")
            .should()
            .dependOnClassesThat(resideInAnyPackage("ai.djl.ndarray..", "ai.djl.pytorch..")));
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage("dev.temper.text..")
            .should()
            .dependOnClassesThat(resideInAPackage("ai.djl.huggingface..")));
  }

  @Test
  void nd4j_is_used_in_linalg_only() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage("dev.temper.linalg..")
            .should()
            .dependOnClassesThat(resideInAPackage("org.nd4j..")));
  }

  @Test
  void the_data_libraries_are_used_where_files_are_read_only() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage("dev.temper.data..")
            .should()
            .dependOnClassesThat(resideInAnyPackage("de.siegmar..", "io.airlift..")));
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage("dev.temper.parquet..")
            .should()
            .dependOnClassesThat(resideInAnyPackage("org.duckdb..", "java.sql..")));
  }

  @Test
  void the_command_line_s_libraries_are_used_there_only() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage("dev.temper.cli..")
            .should()
            .dependOnClassesThat(
                resideInAnyPackage(
                    "picocli..",
                    "me.tongfei.progressbar..",
                    "com.fasterxml.jackson.dataformat.yaml..")));
  }

  @Test
  void libraries_leave_the_standard_streams_and_the_process_alone() {
    DescribedPredicate<JavaClass> libraries =
        describe("are of a library module", c -> Module.of(c).isLibrary());
    check(
        noClasses()
            .that(libraries)
            .should(GeneralCodingRules.ACCESS_STANDARD_STREAMS)
            .because("a library reports through SLF4J, listeners and exceptions"));
    check(
        noClasses()
            .that(libraries)
            .should()
            .callMethod(System.class, "exit", int.class)
            .orShould()
            .callMethod(System.class, "gc")
            .orShould()
            .callMethod(Runtime.class, "gc")
            .orShould()
            .callMethod(Runtime.class, "exit", int.class)
            .orShould()
            .callMethod(Runtime.class, "halt", int.class));
  }

  private static void check(ArchRule rule) {
    // A module may not be there yet; that the rules see what is there has a test of its own.
    rule.allowEmptyShould(true).check(classes);
  }

  /** The modules and what each may use: nothing else. */
  enum Module {
    CORE("core"),
    PARQUET("parquet", CORE),
    SFT("sft", CORE),
    ALIGNMENT("alignment", CORE, SFT),
    REASONING("reasoning", CORE, SFT, ALIGNMENT),
    EFFICIENCY("efficiency", CORE, SFT),
    MERGING("merging", CORE),
    ADAPTATION("adaptation", CORE, SFT, EFFICIENCY),
    DISTRIBUTED("distributed", CORE),
    EXAMPLES("examples"),
    CLI("cli"),
    BENCHMARKS("benchmarks");

    static final List<Module> ALL = List.of(values());

    /** The packages of core, which has no package of its own name. */
    private static final Set<String> CORE_PACKAGES =
        Set.of(
            "tensor", "linalg", "checkpoint", "text", "convert", "data", "model", "generate", "train");

    private final String folder;

    private final Set<Module> uses;

    Module(String folder, Module... uses) {
      this.folder = folder;
      this.uses = Set.of(uses);
    }

    static Module of(JavaClass type) {
      String[] names = type.getPackageName().split("\\.", -1);
      if (names.length == 2 || CORE_PACKAGES.contains(names[2])) {
        return CORE;
      }
      return ALL.stream()
          .filter(m -> m != CORE && m.folder.equals(names[2]))
          .findFirst()
          .orElseThrow(
              () -> new AssertionError("package of no known module: " + type.getPackageName()));
    }

    boolean mayUse(Module other) {
      boolean usesAll = this == EXAMPLES || this == CLI || this == BENCHMARKS;
      return other == this || (usesAll ? other.isLibrary() : uses.contains(other));
    }

    boolean isLibrary() {
      return this != EXAMPLES && this != CLI && this != BENCHMARKS;
    }

    boolean hasCode() {
      Path packages = Repository.root().resolve(folder).resolve("src/main/java/dev/temper");
      return Files.isDirectory(packages);
    }

    DescribedPredicate<JavaClass> classes() {
      return describe("are of " + this, c -> of(c) == this);
    }
  }
}
