package dev.temper.train.report;

import static java.util.Objects.requireNonNull;

import dev.temper.UserException;
import dev.temper.train.metrics.Phase;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A data file of a run, identified by its content.
 *
 * @param path the file as the user named it
 * @param phase what it is used for
 * @param sha256 the SHA-256 of its bytes, 64 hexadecimal digits
 * @param bytes its size
 * @param rows the examples read from it
 */
public record DataFile(String path, Phase phase, String sha256, long bytes, long rows) {
  /** Checks the ranges. */
  public DataFile {
    requireNonNull(path, "path");
    requireNonNull(phase, "phase");
    if (!sha256.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException(
          "DataFile: sha256 must be 64 lower-case hexadecimal digits, got '" + sha256 + "'");
    }
    if (bytes < 0 || rows < 0) {
      throw new IllegalArgumentException(
          "DataFile: bytes and rows must be at least 0, got " + bytes + " and " + rows);
    }
  }

  /**
   * Reads {@code file} once to hash it.
   *
   * @param file the file as the user named it; the name is kept as it is
   * @param rows the examples read from it
   * @throws UserException if it cannot be read
   */
  public static DataFile of(Path file, Phase phase, long rows) {
    MessageDigest digest = newDigest();
    long bytes = 0;
    try (InputStream in = Files.newInputStream(file)) {
      byte[] buffer = new byte[1 << 16];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
        bytes += n;
      }
    } catch (IOException e) {
      throw new UserException("cannot read the data file " + file + ": " + e, e);
    }
    return new DataFile(
        file.toString(), phase, HexFormat.of().formatHex(digest.digest()), bytes, rows);
  }

  private static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
