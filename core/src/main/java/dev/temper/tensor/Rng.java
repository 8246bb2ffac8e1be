package dev.temper.tensor;

/**
 * A counter-based random generator: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as
 * easy as 1, 2, 3").
 *
 * <p>It has no state: the value at a counter is a pure function of (seed, stream, counter).
 * Training resumes, batches are split and sequences are sampled in any order with the same numbers.
 */
public record Rng(long seed, long stream) {
  private static final int M0 = 0xD2511F53;
  private static final int M1 = 0xCD9E8D57;
  private static final int W0 = 0x9E3779B9;
  private static final int W1 = 0xBB67AE85;

  /** The generator of a seed. */
  public static Rng of(long seed) {
    return new Rng(seed, 0);
  }

  /** An independent generator for sub-task {@code id}. */
  public Rng split(long id) {
    int[] r = block(id ^ 0x5DEECE66DL);
    return new Rng(seed, join(r[0], r[1]));
  }

  /** An independent generator for a named sub-task. */
  public Rng split(String name) {
    long h = 0xcbf29ce484222325L;
    for (int i = 0; i < name.length(); i++) {
      h = (h ^ name.charAt(i)) * 0x100000001b3L;
    }
    return split(h);
  }

  /** 64 random bits. */
  public long bits(long counter) {
    int[] r = block(counter);
    return join(r[0], r[1]);
  }

  /** A uniform number in [0, 1) with 53 random bits. */
  public double uniform(long counter) {
    return (bits(counter) >>> 11) * 0x1.0p-53;
  }

  /** A standard normal number (Box-Muller). */
  public double gaussian(long counter) {
    int[] r = block(counter);
    double u = ((join(r[0], r[1]) >>> 11) + 1) * 0x1.0p-53;
    double v = (join(r[2], r[3]) >>> 11) * 0x1.0p-53;
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
  }

  /** {@code n} uniform numbers in [low, high). */
  public float[] uniforms(int n, double low, double high) {
    float[] out = new float[n];
    for (int i = 0; i < n; i++) {
      out[i] = (float) (low + (high - low) * uniform(i));
    }
    return out;
  }

  /** {@code n} normal numbers with mean 0. */
  public float[] gaussians(int n, double standardDeviation) {
    float[] out = new float[n];
    for (int i = 0; i < n; i++) {
      out[i] = (float) (standardDeviation * gaussian(i));
    }
    return out;
  }

  private static long join(int low, int high) {
    return (low & 0xffffffffL) | ((long) high << 32);
  }

  private int[] block(long counter) {
    int[] c = {(int) counter, (int) (counter >>> 32), (int) stream, (int) (stream >>> 32)};
    return philox(c, (int) seed, (int) (seed >>> 32));
  }

  /**
   * Ten rounds over counter {@code c} with key (k0, k1); visible for the published test vectors.
   */
  static int[] philox(int[] c, int k0, int k1) {
    int c0 = c[0];
    int c1 = c[1];
    int c2 = c[2];
    int c3 = c[3];
    for (int round = 0; round < 10; round++) {
      long p0 = (M0 & 0xffffffffL) * (c0 & 0xffffffffL);
      long p1 = (M1 & 0xffffffffL) * (c2 & 0xffffffffL);
      int n0 = (int) (p1 >>> 32) ^ c1 ^ k0;
      int n2 = (int) (p0 >>> 32) ^ c3 ^ k1;
      c1 = (int) p1;
      c3 = (int) p0;
      c0 = n0;
      c2 = n2;
      k0 += W0;
      k1 += W1;
    }
    return new int[] {c0, c1, c2, c3};
  }
}
