package dev.temper.train.metrics;

import dev.temper.UserException;
import dev.temper.checkpoint.AtomicFiles;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that grows record by record and gives up quietly: after the first failure it warns once
 * and drops what follows.
 *
 * <p>Each record is one unbuffered write, so it is in the page cache when {@link #append} returns
 * and outlives the process.
 */
final class AppendFile implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(AppendFile.class);

  private final Path path;
  private @Nullable FileChannel channel; // null once closed or failed

  private AppendFile(Path path, @Nullable FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /** Opens a file that must not hold anything yet. */
  static AppendFile create(Path path) {
    try {
      if (Files.exists(path) && Files.size(path) > 0) {
        throw new UserException(
            path + " already holds metrics of a run: choose another directory, or resume that run");
      }
      return open(path);
    } catch (IOException e) {
      throw new UserException("cannot open " + path + " for writing: " + e, e);
    }
  }

  /**
   * As {@link #create}, for a file that is first needed in the middle of a run: a failure is a
   * warning.
   */
  static AppendFile createQuietly(Path path) {
    try {
      return create(path);
    } catch (UserException e) {
      log.warn("{}: opening failed, no metrics go there: {}", path, e.getMessage());
      return new AppendFile(path, null);
    }
  }

  /** Opens a text file after dropping the lines that {@code filter} maps to null. */
  static AppendFile resume(Path path, LineFilter filter) {
    try {
      if (Files.exists(path)) {
        rewrite(path, filter);
      }
      return open(path);
    } catch (IOException e) {
      throw new UserException("cannot open " + path + " to go on writing: " + e, e);
    }
  }

  private static AppendFile open(Path path) throws IOException {
    Path parent = path.toAbsolutePath().getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    return new AppendFile(
        path,
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND));
  }

  void append(byte[] record) {
    attempt(open -> writeFully(open, record));
  }

  void appendLine(String line) {
    append((line + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** Replaces every line atomically and goes on appending to the new file. */
  void mapLines(UnaryOperator<String> lines) {
    attempt(
        open -> {
          rewrite(path, (number, line) -> lines.apply(line));
          channel = null; // a failure to reopen must not leave the channel of the file that is gone
          open.close();
          channel = open(path).channel;
        });
  }

  void force() {
    attempt(open -> open.force(false));
  }

  @Override
  public void close() {
    force();
    attempt(FileChannel::close);
    channel = null;
  }

  private void attempt(Action action) {
    FileChannel open = channel;
    if (open == null) {
      return;
    }
    try {
      action.run(open);
    } catch (IOException | UserException e) {
      channel = null;
      log.warn("{}: writing failed, no more metrics go there: {}", path, e.toString());
      closeAfterFailure(open);
    }
  }

  private void closeAfterFailure(FileChannel open) {
    try {
      open.close();
    } catch (IOException e) {
      log.debug("{}: closing after the failure failed too", path, e);
    }
  }

  private static void writeFully(FileChannel channel, byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  private static void rewrite(Path path, LineFilter filter) throws IOException {
    AtomicFiles.stream(
        path,
        out -> {
          try (BufferedReader in = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
            int number = 0;
            for (String line = in.readLine(); line != null; line = in.readLine()) {
              String kept = filter.keep(++number, line);
              if (kept != null) {
                writeLine(out, kept);
              }
            }
          }
        });
  }

  private static void writeLine(OutputStream out, String line) throws IOException {
    out.write(line.getBytes(StandardCharsets.UTF_8));
    out.write('\n');
  }

  @FunctionalInterface
  interface LineFilter {
    /**
     * The line to keep in place of {@code line}, the {@code number}th from 1, or null to drop it.
     */
    @Nullable String keep(int number, String line);
  }

  @FunctionalInterface
  private interface Action {
    void run(FileChannel open) throws IOException;
  }
}
