package dev.temper.generate.constraint;

import java.util.ArrayList;
import java.util.List;

/** Ranges of code points as ranges of UTF-8 bytes. */
final class Utf8 {
  private static final int[] LAST_OF_LENGTH = {0x7F, 0x7FF, 0xFFFF, 0x10FFFF};

  private Utf8() {}

  /**
   * Byte sequences that together are the encodings of the code points from {@code low} to {@code
   * high}; none of these is a surrogate.
   *
   * @return for each sequence {low, high} of the first byte, of the second, …
   */
  static List<int[]> sequences(int low, int high) {
    List<int[]> out = new ArrayList<>();
    int from = low;
    for (int last : LAST_OF_LENGTH) {
      if (from <= high && from <= last) {
        int until = Math.min(high, last);
        split(from, until, out);
        from = until + 1;
      }
    }
    return out;
  }

  /** Splits a range of code points of equally many bytes until each part is a product of ranges. */
  private static void split(int low, int high, List<int[]> out) {
    int length = length(low);
    for (int i = 1; i < length; i++) {
      int mask = (1 << (6 * i)) - 1;
      if ((low & ~mask) != (high & ~mask)) {
        if ((low & mask) != 0) {
          split(low, low | mask, out);
          split((low | mask) + 1, high, out);
          return;
        }
        if ((high & mask) != mask) {
          split(low, (high & ~mask) - 1, out);
          split(high & ~mask, high, out);
          return;
        }
      }
    }
    byte[] a = Character.toString(low).getBytes(java.nio.charset.StandardCharsets.UTF_8);
    byte[] b = Character.toString(high).getBytes(java.nio.charset.StandardCharsets.UTF_8);
    int[] ranges = new int[2 * length];
    for (int i = 0; i < length; i++) {
      ranges[2 * i] = a[i] & 0xFF;
      ranges[2 * i + 1] = b[i] & 0xFF;
    }
    out.add(ranges);
  }

  private static int length(int c) {
    int n = 1;
    while (c > LAST_OF_LENGTH[n - 1]) {
      n++;
    }
    return n;
  }
}
