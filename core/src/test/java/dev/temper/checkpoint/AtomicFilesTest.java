package dev.temper.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {
  @TempDir Path dir;

  private static List<String> names(Path dir) throws IOException {
    try (Stream<Path> files = Files.list(dir)) {
      return files.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void replaces_a_file_and_makes_its_directories() throws IOException {
    Path file = dir.resolve("a/b/c.txt");
    AtomicFiles.write(file, "one");
    AtomicFiles.write(file, "zwei \u00fc \uD83D\uDE00");
    assertThat(Files.readString(file)).isEqualTo("zwei \u00fc \uD83D\uDE00");
    assertThat(names(dir.resolve("a/b"))).containsExactly("c.txt");
  }

  @Test
  void an_exception_half_way_leaves_the_old_file_and_no_temporary_one() throws IOException {
    Path file = dir.resolve("c.bin");
    AtomicFiles.write(file, "old");
    for (Exception thrown :
        List.of(
            new IOException("disk full"), new UncheckedIOException(new IOException("disk full")))) {
      assertThatThrownBy(
              () ->
                  AtomicFiles.write(
                      file,
                      channel -> {
                        channel.write(ByteBuffer.wrap(new byte[100_000]));
                        if (thrown instanceof IOException e) {
                          throw e;
                        }
                        throw (RuntimeException) thrown;
                      }))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContainingAll(file.toString(), "disk full", "untouched");
    }
    assertThatThrownBy(
            () ->
                AtomicFiles.write(
                    file,
                    channel -> {
                      channel.write(ByteBuffer.wrap(new byte[10]));
                      throw new IllegalStateException("a bug");
                    }))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(
            () ->
                AtomicFiles.write(
                    file,
                    channel -> {
                      channel.write(ByteBuffer.wrap(new byte[10]));
                      throw new OutOfMemoryError("simulated");
                    }))
        .isInstanceOf(OutOfMemoryError.class);
    assertThat(Files.readString(file)).isEqualTo("old");
    assertThat(names(dir)).containsExactly("c.bin");
  }

  @Test
  void a_target_that_is_a_directory_is_one_clear_error() throws IOException {
    Path target = dir.resolve("d");
    Files.createDirectories(target.resolve("inside"));
    assertThatThrownBy(() -> AtomicFiles.write(target, "x"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(target.toString());
    assertThat(names(dir)).containsExactly("d");
    assertThat(names(target)).containsExactly("inside");
  }

  @Test
  void a_parent_that_is_a_file_is_one_clear_error() throws IOException {
    Files.writeString(dir.resolve("f"), "x");
    assertThatThrownBy(() -> AtomicFiles.write(dir.resolve("f/g"), "x"))
        .isInstanceOf(CheckpointException.class);
  }

  @Test
  void writes_through_a_symbolic_link_to_a_directory() throws IOException {
    Path real = Files.createDirectory(dir.resolve("real"));
    Path link = Files.createSymbolicLink(dir.resolve("link"), real);
    AtomicFiles.write(link.resolve("a"), "x");
    AtomicFiles.write(link.resolve("deeper/b"), "y");
    AtomicFiles.replaceDirectory(link.resolve("c"), d -> AtomicFiles.write(d.resolve("z"), "z"));
    assertThat(real.resolve("a")).hasContent("x");
    assertThat(real.resolve("deeper/b")).hasContent("y");
    assertThat(real.resolve("c/z")).hasContent("z");
  }

  @Test
  void replaces_a_directory_as_a_whole() throws IOException {
    Path target = dir.resolve("last");
    AtomicFiles.replaceDirectory(target, d -> AtomicFiles.write(d.resolve("old/file"), "1"));
    AtomicFiles.replaceDirectory(target, d -> AtomicFiles.write(d.resolve("new"), "2"));
    assertThat(names(target)).containsExactly("new");
    assertThat(names(dir)).containsExactly("last");
  }

  @Test
  void an_exception_while_filling_leaves_the_old_directory_and_nothing_beside_it()
      throws IOException {
    Path target = dir.resolve("last");
    AtomicFiles.replaceDirectory(target, d -> AtomicFiles.write(d.resolve("a"), "1"));
    assertThatThrownBy(
            () ->
                AtomicFiles.replaceDirectory(
                    target,
                    d -> {
                      AtomicFiles.write(d.resolve("a"), "2");
                      throw new IllegalStateException("killed half way");
                    }))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(
            () ->
                AtomicFiles.replaceDirectory(
                    target,
                    d -> {
                      throw new UncheckedIOException(new IOException("disk full"));
                    }))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("disk full");
    assertThat(target.resolve("a")).hasContent("1");
    assertThat(names(dir)).containsExactly("last");
  }

  @Test
  void recovers_from_a_kill_before_the_swap() throws IOException {
    Path target = dir.resolve("last");
    AtomicFiles.write(target.resolve("a"), "old");
    AtomicFiles.write(dir.resolve(".last.new/a"), "new");
    AtomicFiles.recover(target);
    assertThat(target.resolve("a")).hasContent("new");
    assertThat(names(dir)).containsExactly("last");
  }

  @Test
  void recovers_from_a_kill_between_deleting_the_old_and_moving_the_new() throws IOException {
    AtomicFiles.write(dir.resolve(".last.new/a"), "new");
    AtomicFiles.recover(dir.resolve("last"));
    assertThat(dir.resolve("last/a")).hasContent("new");
    assertThat(names(dir)).containsExactly("last");
  }

  @Test
  void recovers_from_a_kill_while_deleting_the_old() throws IOException {
    AtomicFiles.write(dir.resolve("last/half-deleted"), "old");
    AtomicFiles.write(dir.resolve(".last.new/a"), "new");
    AtomicFiles.replaceDirectory(
        dir.resolve("last"), d -> AtomicFiles.write(d.resolve("b"), "newest"));
    assertThat(names(dir.resolve("last"))).containsExactly("b");
    assertThat(names(dir)).containsExactly("last");
  }

  @Test
  void ignores_what_a_kill_while_filling_left_behind() throws IOException {
    AtomicFiles.write(dir.resolve("last/a"), "old");
    AtomicFiles.write(dir.resolve(".last.tmp-1234/a"), "half");
    AtomicFiles.recover(dir.resolve("last"));
    assertThat(dir.resolve("last/a")).hasContent("old");
  }

  @Test
  void deletes_links_and_not_what_they_point_to() throws IOException {
    Path precious =
        Files.writeString(Files.createDirectory(dir.resolve("elsewhere")).resolve("precious"), "x");
    Path tree = Files.createDirectory(dir.resolve("tree"));
    Files.createSymbolicLink(tree.resolve("link"), dir.resolve("elsewhere"));
    Files.createSymbolicLink(tree.resolve("dangling"), dir.resolve("nothing"));
    AtomicFiles.deleteTree(tree);
    AtomicFiles.deleteTree(dir.resolve("never-was"));
    assertThat(tree).doesNotExist();
    assertThat(precious).exists();
  }
}
