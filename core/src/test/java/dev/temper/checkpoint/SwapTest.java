package dev.temper.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SwapTest {
  @TempDir Path dir;

  private static List<String> names(Path dir) throws IOException {
    try (Stream<Path> files = Files.list(dir)) {
      return files.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }

  private static void fill(Path directory, String content) {
    AtomicFiles.write(directory.resolve("a"), content);
    AtomicFiles.write(directory.resolve("b"), content);
  }

  /** Puts the directories where they are when the process dies after a step. */
  private void killedAfter(int step) throws IOException {
    Path target = dir.resolve("m");
    switch (step) {
      case 0 -> {
        fill(target, "old");
        AtomicFiles.write(dir.resolve(".m.tmp-1/a"), "new");
      }
      case 2 -> {
        fill(target, "old");
        fill(dir.resolve(".m.new"), "new");
      }
      case 3 -> {
        fill(dir.resolve(".m.old"), "old");
        fill(dir.resolve(".m.new"), "new");
      }
      case 4 -> {
        fill(target, "new");
        fill(dir.resolve(".m.old"), "old");
      }
      case 5 -> {
        fill(target, "new");
        AtomicFiles.write(dir.resolve(".m.old/b"), "old");
      }
      case 6 -> fill(dir.resolve(".m.old"), "old");
      default -> throw new IllegalArgumentException();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2, 3, 4, 5, 6})
  void a_kill_after_any_step_leaves_one_complete_directory_to_recover(int step) throws IOException {
    killedAfter(step);
    AtomicFiles.recover(dir.resolve("m"));
    String expected = step == 0 || step == 6 ? "old" : "new";
    assertThat(names(dir.resolve("m"))).containsExactly("a", "b");
    assertThat(dir.resolve("m/a")).hasContent(expected);
    assertThat(dir.resolve("m/b")).hasContent(expected);
    assertThat(names(dir)).doesNotContain(".m.new", ".m.old");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2, 3, 4, 5, 6})
  void the_next_save_works_after_a_kill_at_any_step(int step) throws IOException {
    killedAfter(step);
    AtomicFiles.replaceDirectory(dir.resolve("m"), staged -> fill(staged, "newest"));
    assertThat(dir.resolve("m/a")).hasContent("newest");
    assertThat(dir.resolve("m/b")).hasContent("newest");
    assertThat(names(dir)).doesNotContain(".m.new", ".m.old");
  }

  @Test
  void opening_a_checkpoint_finishes_a_swap_that_was_killed() {
    CheckpointWriter.writeDirectory(
        dir.resolve(".m.new"),
        List.of(TensorSource.floats("w", StoredType.F32, new long[] {1}, () -> new float[] {3})),
        100);
    assertThat(Checkpoint.open(dir.resolve("m")).floats("w")).containsExactly(3);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2, 3, 4, 5, 6})
  void a_reader_finds_a_complete_directory_and_takes_nothing_from_a_writer(int step)
      throws IOException {
    killedAfter(step);
    boolean newIsReady = step == 2;
    AtomicFiles.putInPlace(dir.resolve("m"));
    assertThat(names(dir.resolve("m"))).containsExactly("a", "b");
    assertThat(dir.resolve("m/a")).hasContent(step < 3 || step == 6 ? "old" : "new");
    assertThat(dir.resolve("m/b")).hasContent(step < 3 || step == 6 ? "old" : "new");
    assertThat(Files.exists(dir.resolve(".m.new"))).isEqualTo(newIsReady);
  }

  @Test
  void other_files_are_carried_over_and_stale_ones_are_not() throws IOException {
    Path target = dir.resolve("m");
    fill(target, "old");
    AtomicFiles.write(target.resolve("README.md"), "mine");
    AtomicFiles.write(target.resolve("logs/deep/x"), "mine too");
    AtomicFiles.write(target.resolve("stale"), "");
    Files.createSymbolicLink(target.resolve("link"), Path.of("README.md"));
    AtomicFiles.replaceDirectory(target, "stale"::equals, staged -> fill(staged, "new"));
    assertThat(names(target)).containsExactly("README.md", "a", "b", "link", "logs");
    assertThat(target.resolve("a")).hasContent("new");
    assertThat(target.resolve("README.md")).hasContent("mine");
    assertThat(target.resolve("logs/deep/x")).hasContent("mine too");
    assertThat(Files.isSymbolicLink(target.resolve("link"))).isTrue();
    assertThat(names(dir)).containsExactly("m");
  }

  @Test
  void permissions_are_kept() throws IOException {
    Path target = Files.createDirectory(dir.resolve("m"));
    Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwx--x---"));
    AtomicFiles.replaceDirectory(target, staged -> fill(staged, "new"));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target)))
        .isEqualTo("rwx--x---");
  }

  @Test
  void a_link_stays_a_link_and_recovers_where_it_points() throws IOException {
    Path real = Files.createDirectory(dir.resolve("real"));
    Path link = Files.createSymbolicLink(dir.resolve("link"), Path.of("real"));
    AtomicFiles.replaceDirectory(link, staged -> fill(staged, "new"));
    assertThat(Files.isSymbolicLink(link)).isTrue();
    assertThat(real.resolve("a")).hasContent("new");
    Files.move(real, dir.resolve(".real.old"));
    fill(dir.resolve(".real.new"), "newer");
    AtomicFiles.recover(link);
    assertThat(link.resolve("a")).hasContent("newer");
    assertThat(names(dir)).containsExactly("link", "real");
  }

  @Test
  void the_working_directory_or_a_relative_path_can_be_a_target() {
    Path relative = Path.of("").toAbsolutePath().relativize(dir.resolve("r").toAbsolutePath());
    AtomicFiles.replaceDirectory(relative, staged -> fill(staged, "new"));
    assertThat(dir.resolve("r/a")).hasContent("new");
  }

  @Test
  void a_file_in_the_way_is_one_clear_error() throws IOException {
    Files.writeString(dir.resolve("f"), "x");
    assertThatThrownBy(
            () -> AtomicFiles.replaceDirectory(dir.resolve("f/m"), staged -> fill(staged, "new")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("cannot be written");
  }

  @Test
  void a_directory_that_cannot_be_renamed_is_filled_from_inside() throws IOException {
    Path target = dir.resolve("m");
    fill(target, "old");
    AtomicFiles.write(target.resolve("stale"), "");
    AtomicFiles.write(target.resolve("README.md"), "mine");
    AtomicFiles.replaceInside(target, "stale"::equals, staged -> fill(staged, "new"));
    assertThat(names(target)).containsExactly("README.md", "a", "b");
    assertThat(target.resolve("b")).hasContent("new");
    assertThatThrownBy(
            () ->
                AtomicFiles.replaceInside(
                    target,
                    "stale"::equals,
                    staged -> {
                      fill(staged, "half");
                      throw new IllegalStateException("a bug");
                    }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(names(target)).containsExactly("README.md", "a", "b");
    assertThat(target.resolve("b")).hasContent("new");
  }

  /** Run by the test below in a process of its own. */
  static final class Saver {
    public static void main(String[] args) {
      for (int i = 0; ; i++) {
        String content = "save " + i;
        AtomicFiles.replaceDirectory(Path.of(args[0]), staged -> fill(staged, content));
      }
    }
  }

  @Test
  @Tag("slow")
  void a_process_that_is_killed_while_it_saves_again_and_again_leaves_a_whole_directory()
      throws Exception {
    Path target = dir.resolve("m");
    for (int kill = 0; kill < 10; kill++) {
      Process saver =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  Saver.class.getName(),
                  target.toString())
              .inheritIO()
              .start();
      for (int i = 0; i < 500 && !Files.exists(target); i++) {
        Thread.sleep(20);
      }
      Thread.sleep(300 + 37L * kill);
      saver.destroyForcibly().waitFor();
      AtomicFiles.recover(target);
      assertThat(names(target)).containsExactly("a", "b");
      assertThat(target.resolve("a")).hasContent(Files.readString(target.resolve("b")));
    }
  }
}
