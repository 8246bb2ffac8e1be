package dev.temper.checkpoint;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Writes that either happen wholly or not at all: into a temporary file or directory beside the
 * target, forced to disk, then moved to its place. Whatever goes wrong, the previous content stays
 * intact and the temporary one is removed.
 */
public final class AtomicFiles {
  private static final int MAX_LINKS = 40;

  private AtomicFiles() {}

  /** Something that writes to an open channel. */
  @FunctionalInterface
  public interface ChannelWriter {
    /** Writes the whole content. */
    void write(FileChannel channel) throws IOException;
  }

  /** Something that writes to a stream, which it need not close. */
  @FunctionalInterface
  public interface StreamWriter {
    /** Writes the whole content. */
    void write(OutputStream out) throws IOException;
  }

  /** Replaces {@code target} by what {@code writer} writes. */
  public static void write(Path target, ChannelWriter writer) {
    Path absolute = target.toAbsolutePath();
    Path temp = absolute.resolveSibling("." + absolute.getFileName() + ".tmp-" + UUID.randomUUID());
    try {
      createDirectories(Objects.requireNonNull(absolute.getParent()));
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
          ByteBuffer b = StandardCharsets.UTF_8.encode(text);
          while (b.hasRemaining()) {
            channel.write(b);
          }
        });
  }

  /** Replaces {@code target} by what {@code writer} writes to a buffered stream. */
  public static void stream(Path target, StreamWriter writer) {
    write(
        target,
        channel -> {
          OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
          writer.write(out);
          out.flush();
        });
  }

  /** Replaces directory {@code target}, with all it holds, by one that {@code fill} fills. */
  public static void replaceDirectory(Path target, Consumer<Path> fill) {
    replaceDirectory(target, name -> true, fill);
  }

  /**
   * Replaces directory {@code target} by one that {@code fill} fills. What else the old directory
   * holds is carried over, unless {@code stale} says of the name that it belongs to the old content
   * only.
   *
   * <p>The new directory is filled beside the old one, forced to disk, and takes its place by two
   * renames: {@code NAME} becomes {@code .NAME.old}, {@code .NAME.new} becomes {@code NAME}. An
   * error before them leaves the old directory as it was. After a kill at any moment, either
   * directory is complete under one of these names, and {@link #recover} finishes the swap. Files
   * that somebody has open or mapped stay readable, and go on being the old ones.
   *
   * <p>A directory that cannot be renamed, because it is a mount point or because its parent cannot
   * be written, is filled in a directory inside itself, whose files then take their places one by
   * one; a kill between these renames can leave files of both.
   *
   * @param stale of the names in the old directory, those to drop
   * @throws CheckpointException if it cannot be written
   */
  public static void replaceDirectory(Path target, Predicate<String> stale, Consumer<Path> fill) {
    Path place = place(target);
    try {
      recover(target);
      if (Swap.isPossible(place)) {
        new Swap(place).replace(stale, fill);
      } else {
        replaceInside(place, stale, fill);
      }
    } catch (IOException | UncheckedIOException e) {
      throw new CheckpointException(target + ": cannot be written: " + e.getMessage(), e);
    }
  }

  /**
   * Finishes a {@link #replaceDirectory} that was killed between writing and swapping; does nothing
   * otherwise. For the one process that writes the directory; others call {@link #putInPlace}.
   */
  public static void recover(Path target) {
    try {
      new Swap(place(target)).finish();
    } catch (IOException | UncheckedIOException e) {
      throw new CheckpointException(target + ": cannot be replaced: " + e.getMessage(), e);
    }
  }

  /**
   * If a {@link #replaceDirectory} was killed between its two renames, so that there is no
   * directory {@code target}, gives the complete one its name; does nothing otherwise. Whoever
   * reads a directory that is written so calls this first; it does no harm while somebody else
   * writes.
   */
  public static void putInPlace(Path target) {
    try {
      new Swap(place(target)).putInPlace();
    } catch (IOException | UncheckedIOException e) {
      throw new CheckpointException(target + ": cannot be put in place: " + e.getMessage(), e);
    }
  }

  static void replaceInside(Path place, Predicate<String> stale, Consumer<Path> fill)
      throws IOException {
    Path temp = place.resolve(".tmp-" + UUID.randomUUID());
    try {
      Files.createDirectory(temp);
      fill.accept(temp);
      Set<String> written = new HashSet<>();
      for (Path p : children(temp)) {
        Path to = place.resolve(name(p));
        if (Files.isDirectory(to, LinkOption.NOFOLLOW_LINKS)) {
          deleteTree(to);
        }
        move(p, to);
        written.add(name(p));
      }
      written.add(name(temp));
      for (Path p : children(place)) {
        if (!written.contains(name(p)) && stale.test(name(p))) {
          deleteTree(p);
        }
      }
    } finally {
      deleteQuietly(temp);
    }
  }

  /** The directory itself where {@code target} is a link to it, even to one that is gone. */
  private static Path place(Path target) {
    try {
      if (Files.isDirectory(target)) {
        return target.toRealPath();
      }
      Path place = target.toAbsolutePath();
      for (int i = 0; i < MAX_LINKS && Files.isSymbolicLink(place); i++) {
        place = place.resolveSibling(Files.readSymbolicLink(place));
      }
      return place;
    } catch (IOException e) {
      throw new CheckpointException(target + ": cannot be read: " + e.getMessage(), e);
    }
  }

  static List<Path> children(Path directory) throws IOException {
    try (Stream<Path> all = Files.list(directory)) {
      return all.sorted().toList();
    }
  }

  static String name(Path path) {
    return Objects.requireNonNull(path.getFileName(), "a root has no name").toString();
  }

  /** Unlike the JDK's, accepts a directory reached through a symbolic link (JDK-8294193). */
  static void createDirectories(Path directory) throws IOException {
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
    forceDirectory(Objects.requireNonNull(to.getParent()));
  }

  static void forceDirectory(Path directory) {
    try (FileChannel d = FileChannel.open(directory, StandardOpenOption.READ)) {
      d.force(true);
    } catch (IOException e) {
      // Some systems cannot open directories; the move itself has happened.
    }
  }

  /** Deletes a directory with everything in it, or a file; nothing there is fine. */
  public static void deleteTree(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
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
