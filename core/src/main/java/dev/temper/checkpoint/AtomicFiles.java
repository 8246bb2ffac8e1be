package dev.temper.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Writes that either happen wholly or not at all: into a temporary file beside the target, forced
 * to disk, then moved over it. Whatever goes wrong, the previous file stays intact and the
 * temporary one is removed.
 */
public final class AtomicFiles {
  private AtomicFiles() {}

  /** Something that writes to an open channel. */
  @FunctionalInterface
  public interface ChannelWriter {
    /** Writes the whole content. */
    void write(FileChannel channel) throws IOException;
  }

  /** Replaces {@code target} by what {@code writer} writes. */
  public static void write(Path target, ChannelWriter writer) {
    Path absolute = target.toAbsolutePath();
    Path temp = absolute.resolveSibling("." + absolute.getFileName() + ".tmp-" + UUID.randomUUID());
    try {
      createDirectories(java.util.Objects.requireNonNull(absolute.getParent()));
      try (FileChannel channel =
          FileChannel.open(
              temp,
              StandardOpenOption.CREATE_NEW,
              StandardOpenOption.WRITE,
              StandardOpenOption.READ)) {
        writer.write(channel);
        channel.force(true);
      }
      move(temp, absolute);
    } catch (IOException | UncheckedIOException e) {
      throw new CheckpointException(
          target
              + ": cannot be written: "
              + e.getMessage()
              + "; the previous file, if any, is untouched (is the disk full?)",
          e);
    } finally {
      deleteQuietly(temp);
    }
  }

  /** Replaces {@code target} by UTF-8 text. */
  public static void write(Path target, String text) {
    write(
        target,
        channel -> {
          java.nio.ByteBuffer b = StandardCharsets.UTF_8.encode(text);
          while (b.hasRemaining()) {
            channel.write(b);
          }
        });
  }

  /**
   * Replaces directory {@code target} by one that {@code fill} fills. A reader sees the old or the
   * new directory; after a kill between the two moves, the complete new one lies beside it as
   * {@code .NAME.new} and {@link #recover} finishes the swap.
   */
  public static void replaceDirectory(Path target, Consumer<Path> fill) {
    Path absolute = target.toAbsolutePath();
    Path temp = absolute.resolveSibling("." + absolute.getFileName() + ".tmp-" + UUID.randomUUID());
    Path ready = absolute.resolveSibling("." + absolute.getFileName() + ".new");
    try {
      recover(target);
      createDirectories(temp);
      fill.accept(temp);
      move(temp, ready);
      recover(target);
    } catch (IOException | UncheckedIOException e) {
      throw new CheckpointException(target + ": cannot be written: " + e.getMessage(), e);
    } finally {
      deleteQuietly(temp);
    }
  }

  /**
   * Finishes a {@link #replaceDirectory} that was killed between writing and swapping; does nothing
   * otherwise.
   */
  public static void recover(Path target) {
    Path absolute = target.toAbsolutePath();
    Path ready = absolute.resolveSibling("." + absolute.getFileName() + ".new");
    if (Files.isDirectory(ready)) {
      try {
        deleteTree(absolute);
        move(ready, absolute);
      } catch (IOException e) {
        throw new CheckpointException(target + ": cannot be replaced: " + e.getMessage(), e);
      }
    }
  }

  /** Unlike the JDK's, accepts a directory reached through a symbolic link (JDK-8294193). */
  private static void createDirectories(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(directory);
    }
  }

  /** Moves a complete file or directory to its place in one step, and makes the move durable. */
  static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
    forceDirectory(java.util.Objects.requireNonNull(to.getParent()));
  }

  private static void forceDirectory(Path directory) {
    try (FileChannel d = FileChannel.open(directory, StandardOpenOption.READ)) {
      d.force(true);
    } catch (IOException e) {
      // Some systems cannot open directories; the move itself has happened.
    }
  }

  /** Deletes a directory with everything in it, or a file; nothing there is fine. */
  public static void deleteTree(Path path) throws IOException {
    if (!Files.exists(path, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> all = Files.walk(path)) {
      for (Path p : (Iterable<Path>) all.sorted(Comparator.reverseOrder())::iterator) {
        Files.delete(p);
      }
    }
  }

  static void deleteQuietly(Path path) {
    try {
      deleteTree(path);
    } catch (IOException | UncheckedIOException e) {
      // A leftover temporary file harms nobody; the error that led here matters more.
    }
  }
}
