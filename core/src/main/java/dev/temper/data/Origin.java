package dev.temper.data;

import java.nio.file.Path;
import java.util.Objects;

/**
 * Where a row comes from, for messages: prints as {@code train.jsonl:17} or {@code train.json:17
 * (element 3)}.
 *
 * @param file name or path of the file, as the user gave it; any short description for data made in
 *     memory
 * @param line line on which the row starts, from 1; 0 when there is none
 * @param element index of the row in a JSON array, from 0; -1 when the file is not an array
 */
public record Origin(String file, long line, long element) {
  /** Checks that the numbers are in range. */
  public Origin {
    Objects.requireNonNull(file, "file");
    if (line < 0) {
      throw new IllegalArgumentException(
          "line: " + line + " is negative; lines count from 1, 0 means unknown");
    }
    if (element < -1) {
      throw new IllegalArgumentException(
          "element: " + element + " must be -1 (no array) or an index from 0");
    }
  }

  /** A line of a file, from 1. */
  public static Origin line(Path file, long line) {
    return new Origin(file.toString(), line, -1);
  }

  /** Data that is in no file, described by a few words. */
  public static Origin memory(String description) {
    return new Origin(description, 0, -1);
  }

  @Override
  public String toString() {
    return file + (line == 0 ? "" : ":" + line) + (element < 0 ? "" : " (element " + element + ")");
  }
}
