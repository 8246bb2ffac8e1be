package dev.temper.generate;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Finds where a descending order crosses a given mass, without sorting.
 *
 * <p>Top-k, top-p and typical sampling all ask the same question: walking through the tokens from
 * the best one down, at which key does the running mass (a count or a probability) reach a target?
 * A radix selection answers it in linear time: add up the masses per leading 11 bits of the key,
 * find the bucket in which the target is reached, and repeat inside that bucket with the next bits.
 * Three passes fix all 32 bits, whatever the distribution, so there is no slow case; the second and
 * third pass see only the few tokens of one bucket.
 */
final class RadixSelection {
  static final int BUCKETS = 1 << 11;
  private static final int[] SHIFTS = {21, 10, 0};
  private static final int[] MASKS = {0x7ff, 0x7ff, 0x3ff};

  private RadixSelection() {}

  /** An int whose unsigned order is the order of floats; both zeros get the same key. */
  static int key(float value) {
    int bits = Float.floatToRawIntBits(value + 0.0f);
    return bits ^ ((bits >> 31) | 0x80000000);
  }

  /**
   * The largest key K such that the keys above K have a mass less than the target and the keys from
   * K on have at least the target. If rounding leaves the whole mass below the target: the smallest
   * key that has mass.
   *
   * @param keys [n], unsigned order
   * @param mass [n], not negative; null counts every key as 1
   * @param target greater than 0
   * @param massAbove receives the mass of the keys above K in its first element
   */
  static int threshold(
      int[] keys,
      double @Nullable [] mass,
      int n,
      double target,
      double[] massAbove,
      Scratch scratch) {
    double[] histogram = scratch.histogram;
    int[] candidates = scratch.candidates(n);
    int count = n;
    double above = 0;
    int prefix = 0;
    for (int level = 0; level < SHIFTS.length; level++) {
      int shift = SHIFTS[level];
      int mask = MASKS[level];
      Arrays.fill(histogram, 0, mask + 1, 0.0);
      if (level == 0) {
        for (int i = 0; i < n; i++) {
          histogram[keys[i] >>> shift] += mass == null ? 1.0 : mass[i];
        }
      } else {
        int previous = SHIFTS[level - 1];
        int kept = 0;
        for (int c = 0; c < count; c++) {
          int i = level == 1 ? c : candidates[c];
          if (keys[i] >>> previous == prefix) {
            candidates[kept++] = i;
            histogram[(keys[i] >>> shift) & mask] += mass == null ? 1.0 : mass[i];
          }
        }
        count = kept;
      }
      int digit = -1;
      for (int bucket = mask; bucket >= 0; bucket--) {
        if (histogram[bucket] == 0) {
          continue;
        }
        if (digit >= 0) {
          above += histogram[digit];
        }
        digit = bucket;
        if (above + histogram[bucket] >= target) {
          break;
        }
      }
      prefix = level == 0 ? digit : (prefix << (SHIFTS[level - 1] - shift)) | digit;
    }
    massAbove[0] = above;
    return prefix;
  }
}
