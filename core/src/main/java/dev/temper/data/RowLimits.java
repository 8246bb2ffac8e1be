package dev.temper.data;

/**
 * How large one row of a file may be. Bounds the memory that reading a hostile or broken file can
 * take; a row over a limit is an error.
 *
 * @param maxRowBytes largest size of a row: bytes of a line, or characters of text in an element of
 *     a JSON array; 1 to 2^30
 * @param maxValues most JSON values (numbers, strings, objects, ...) in one row, at least 1: a
 *     value costs far more memory than its bytes in the file
 */
public record RowLimits(int maxRowBytes, int maxValues) {
  /** 64 MiB and 4 million values a row. */
  public static final RowLimits DEFAULT = new RowLimits(64 << 20, 4_000_000);

  /** Checks the ranges. */
  public RowLimits {
    if (maxRowBytes < 1 || maxRowBytes > 1 << 30) {
      throw new IllegalArgumentException(
          "maxRowBytes: " + maxRowBytes + " must be 1 to " + (1 << 30));
    }
    if (maxValues < 1) {
      throw new IllegalArgumentException("maxValues: " + maxValues + " must be at least 1");
    }
  }
}
