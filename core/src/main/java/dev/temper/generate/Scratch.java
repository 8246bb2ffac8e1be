package dev.temper.generate;

import java.util.Arrays;

/**
 * Vocabulary-sized buffers of the processors, one set per thread.
 *
 * <p>The processors are immutable values shared by all sequences, and their interface is one method
 * that users implement as a lambda, so the buffers cannot live in either. Nothing stays in a buffer
 * between two calls that a later call reads.
 */
final class Scratch {
  private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

  /** Sum of the masses of each digit during a radix selection. */
  final double[] histogram = new double[RadixSelection.BUCKETS];

  private int[] keys = new int[0];
  private int[] candidates = new int[0];
  private double[] weights = new double[0];
  private long[] marks = new long[0];

  private Scratch() {}

  static Scratch get() {
    return OF_THREAD.get();
  }

  /** At least {@code size} keys with undefined contents. */
  int[] keys(int size) {
    if (keys.length < size) {
      keys = new int[size];
    }
    return keys;
  }

  /** At least {@code size} indices with undefined contents. */
  int[] candidates(int size) {
    if (candidates.length < size) {
      candidates = new int[size];
    }
    return candidates;
  }

  /** At least {@code size} weights with undefined contents. */
  double[] weights(int size) {
    if (weights.length < size) {
      weights = new double[size];
    }
    return weights;
  }

  /** A cleared set of at least {@code size} bits. */
  long[] marks(int size) {
    int words = (size + 63) >>> 6;
    if (marks.length < words) {
      marks = new long[words];
    } else {
      Arrays.fill(marks, 0, words, 0L);
    }
    return marks;
  }
}
