package dev.temper.data;

/**
 * The finalizer of SplitMix64 (Steele, Lea and Flood 2014) as a keyed hash: random numbers that are
 * functions of counters, not of state.
 */
final class Hash64 {
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  private Hash64() {}

  /** A pseudo-random function of both arguments. */
  static long hash(long key, long counter) {
    long z = mix(key + GOLDEN) + counter * GOLDEN;
    return mix(z);
  }

  /** Uniform in [0, 1) with 53 random bits. */
  static double uniform(long key, long counter) {
    return (hash(key, counter) >>> 11) * 0x1p-53;
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
