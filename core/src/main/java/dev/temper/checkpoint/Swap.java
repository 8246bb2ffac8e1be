package dev.temper.checkpoint;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Replaces a directory by two renames of complete directories.
 *
 * <pre>
 * 1  .NAME.tmp-…  is filled and forced to disk
 * 2  .NAME.tmp-… → .NAME.new     from here on the new content wins
 * 3  NAME        → .NAME.old
 * 4  .NAME.new   → NAME
 * 5  .NAME.old   is deleted
 * </pre>
 *
 * {@link #finish} does what is left to do, from wherever the process was killed.
 */
final class Swap {
  private final Path place;
  private final Path ready;
  private final Path old;

  Swap(Path place) {
    this.place = place;
    String name = place.getFileName() == null ? "" : AtomicFiles.name(place);
    this.ready = place.resolveSibling("." + name + ".new");
    this.old = place.resolveSibling("." + name + ".old");
  }

  /** Whether the directory can be renamed: not across file systems, not without permission. */
  static boolean isPossible(Path place) throws IOException {
    if (!Files.isDirectory(place)) {
      return true;
    }
    Path parent = place.getParent();
    return parent != null
        && Files.isWritable(parent)
        && Files.getFileStore(parent).equals(Files.getFileStore(place));
  }

  void replace(Predicate<String> stale, Consumer<Path> fill) throws IOException {
    Path temp = place.resolveSibling("." + AtomicFiles.name(place) + ".tmp-" + UUID.randomUUID());
    try {
      AtomicFiles.createDirectories(temp);
      fill.accept(temp);
      if (Files.isDirectory(place)) {
        carryOver(temp, stale);
        copyPermissions(place, temp);
      }
      AtomicFiles.forceDirectory(temp);
      AtomicFiles.move(temp, ready);
      finish();
    } finally {
      AtomicFiles.deleteQuietly(temp);
    }
  }

  void finish() throws IOException {
    if (Files.isDirectory(ready) && Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
      AtomicFiles.deleteTree(old);
      AtomicFiles.move(place, old);
    }
    putInPlace();
    AtomicFiles.deleteQuietly(old);
  }

  /** Only gives a complete directory its name back, so that a reader may do it beside a writer. */
  void putInPlace() throws IOException {
    if (Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try {
      if (Files.isDirectory(ready)) {
        AtomicFiles.move(ready, place);
      } else if (Files.isDirectory(old)) {
        // No sequence of ours ends here, but the only copy there is must not be deleted.
        AtomicFiles.move(old, place);
      }
    } catch (NoSuchFileException | FileAlreadyExistsException e) {
      if (!Files.isDirectory(place)) {
        throw e;
      }
      // Somebody else has done it in between.
    }
  }

  private void carryOver(Path into, Predicate<String> stale) throws IOException {
    for (Path p : AtomicFiles.children(place)) {
      Path to = into.resolve(AtomicFiles.name(p));
      if (!Files.exists(to, LinkOption.NOFOLLOW_LINKS) && !stale.test(AtomicFiles.name(p))) {
        linkTree(p, to);
      }
    }
  }

  /** The same files under a second name: no bytes are copied where the file system can do that. */
  private static void linkTree(Path from, Path to) throws IOException {
    Files.walkFileTree(
        from,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes)
              throws IOException {
            Path made = Files.createDirectory(to.resolve(from.relativize(dir).toString()));
            copyPermissions(dir, made);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            link(file, file.equals(from) ? to : to.resolve(from.relativize(file).toString()));
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static void link(Path from, Path to) throws IOException {
    if (Files.isRegularFile(from, LinkOption.NOFOLLOW_LINKS)) {
      try {
        Files.createLink(to, from);
        return;
      } catch (UnsupportedOperationException | IOException e) {
        // Not every file system has hard links.
      }
    }
    Files.copy(from, to, StandardCopyOption.COPY_ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
  }

  private static void copyPermissions(Path from, Path to) throws IOException {
    try {
      Files.setPosixFilePermissions(to, Files.getPosixFilePermissions(from));
    } catch (UnsupportedOperationException e) {
      // A file system without them.
    }
  }
}
