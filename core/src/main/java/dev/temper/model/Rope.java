package dev.temper.model;

import dev.temper.UserException;
import java.util.List;

/**
 * Rotary position embedding (Su et al. 2021) and the ways to stretch it beyond the trained length.
 * Angles are computed in float32 as transformers does, so that long positions agree with it.
 *
 * @param theta base of the frequencies
 * @param width rotated entries of each head
 */
public record Rope(double theta, int width, Scaling scaling) {
  /** How frequencies change with the context. */
  public sealed interface Scaling {
    /** Frequencies as trained. */
    record None() implements Scaling {}

    /** All frequencies divided by {@code factor} (Chen et al. 2023, position interpolation). */
    record Linear(double factor) implements Scaling {}

    /** NTK-aware: the base grows with the length of the sequence beyond {@code originalLength}. */
    record Dynamic(double factor, int originalLength) implements Scaling {}

    /** Llama 3.1: low frequencies divided, high ones kept, a ramp between. */
    record Llama3(double factor, double lowFactor, double highFactor, int originalLength)
        implements Scaling {}

    /**
     * YaRN (Peng et al. 2023): ramp between interpolation and extrapolation, scores scaled by
     * attentionFactor².
     */
    record Yarn(
        double factor,
        double betaFast,
        double betaSlow,
        double attentionFactor,
        boolean truncate,
        int originalLength)
        implements Scaling {}

    /**
     * LongRoPE (Ding et al. 2024): every frequency divided by a factor of its own, from one list
     * for sequences up to the original length and from another beyond. As in transformers the whole
     * sequence uses one list, so a sequence that grows past the original length is computed anew.
     *
     * @param shortFactors one for each frequency, up to {@code originalLength} tokens
     * @param longFactors one for each frequency, beyond
     */
    record LongRope(
        List<Double> shortFactors,
        List<Double> longFactors,
        double attentionFactor,
        int originalLength)
        implements Scaling {
      /** Copies the lists. */
      public LongRope {
        shortFactors = List.copyOf(shortFactors);
        longFactors = List.copyOf(longFactors);
      }
    }
  }

  /** What cos and sin are multiplied by. */
  public double attentionFactor() {
    if (scaling instanceof Scaling.LongRope l) {
      return l.attentionFactor();
    }
    return scaling instanceof Scaling.Yarn y ? y.attentionFactor() : 1;
  }

  /**
   * Whether sequences of these lengths are rotated by the same frequencies, so that one can
   * continue the other.
   */
  boolean sameFrequencies(int length, int otherLength) {
    if (scaling instanceof Scaling.LongRope l) {
      return (length > l.originalLength()) == (otherLength > l.originalLength());
    }
    if (scaling instanceof Scaling.Dynamic d) {
      return Math.max(length, d.originalLength()) == Math.max(otherLength, d.originalLength());
    }
    return true;
  }

  /** Frequencies [width / 2] for a sequence of {@code length} tokens. */
  public float[] inverseFrequencies(int length) {
    double base = theta;
    if (scaling instanceof Scaling.Dynamic d && length > d.originalLength()) {
      double stretched = d.factor() * length / d.originalLength() - (d.factor() - 1);
      base = theta * Math.pow(stretched, width / (width - 2.0));
    }
    float[] out = new float[width / 2];
    for (int i = 0; i < out.length; i++) {
      double exponent = (double) (2 * i) / width;
      double frequency = 1 / Math.pow(base, exponent);
      out[i] =
          (float)
              (scaling instanceof Scaling.LongRope l
                  ? frequency / factors(l, length).get(i)
                  : scaled(frequency, i));
    }
    return out;
  }

  private static List<Double> factors(Scaling.LongRope l, int length) {
    return length > l.originalLength() ? l.longFactors() : l.shortFactors();
  }

  private double scaled(double frequency, int i) {
    if (scaling instanceof Scaling.Linear l) {
      return frequency / l.factor();
    }
    if (scaling instanceof Scaling.Llama3 l) {
      double wavelength = 2 * Math.PI / frequency;
      if (wavelength > l.originalLength() / l.lowFactor()) {
        return frequency / l.factor();
      }
      if (wavelength < l.originalLength() / l.highFactor()) {
        return frequency;
      }
      double smooth =
          (l.originalLength() / wavelength - l.lowFactor()) / (l.highFactor() - l.lowFactor());
      return (1 - smooth) * frequency / l.factor() + smooth * frequency;
    }
    if (scaling instanceof Scaling.Yarn y) {
      double low = correction(y, y.betaFast());
      double high = correction(y, y.betaSlow());
      if (y.truncate()) {
        low = Math.floor(low);
        high = Math.ceil(high);
      }
      low = Math.max(low, 0);
      high = Math.min(high, width - 1.0);
      if (low == high) {
        high += 0.001;
      }
      double ramp = Math.min(1, Math.max(0, (i - low) / (high - low)));
      return frequency / y.factor() * ramp + frequency * (1 - ramp);
    }
    return frequency;
  }

  private double correction(Scaling.Yarn y, double rotations) {
    return width * Math.log(y.originalLength() / (rotations * 2 * Math.PI)) / (2 * Math.log(theta));
  }

  /** cos and sin, each [N, width] row-major, of every token of a batch. */
  public Angles angles(TokenBatch batch) {
    int n = batch.size();
    float[] cos = new float[n * width];
    float[] sin = new float[n * width];
    Segments s = batch.segments();
    for (int i = 0; i < s.count(); i++) {
      requireSharable(s, i);
      float[] f = inverseFrequencies(s.context(i));
      for (int t = s.starts()[i]; t < s.ends()[i]; t++) {
        fill(f, batch.positions()[t], cos, sin, t * width);
      }
    }
    return new Angles(cos, sin);
  }

  /** The keys of a shared prefix serve its branches only if all are rotated alike. */
  private void requireSharable(Segments s, int i) {
    int prefix = s.prefixes()[i];
    if (prefix >= 0 && !sameFrequencies(s.length(prefix), s.context(i))) {
      throw new UserException(
          "a prompt of "
              + s.length(prefix)
              + " tokens cannot be shared by a sequence of "
              + s.context(i)
              + ": past the original length of the model its rotary positions depend on the length"
              + " of the sequence; keep sequences within that length, or do not share prompts");
    }
  }

  /** cos and sin of single tokens at these positions, each the last of its sequence. */
  public Angles angles(int[] positions) {
    float[] cos = new float[positions.length * width];
    float[] sin = new float[positions.length * width];
    boolean depends = scaling instanceof Scaling.Dynamic || scaling instanceof Scaling.LongRope;
    float[] shared = inverseFrequencies(1);
    for (int i = 0; i < positions.length; i++) {
      float[] f = depends ? inverseFrequencies(positions[i] + 1) : shared;
      fill(f, positions[i], cos, sin, i * width);
    }
    return new Angles(cos, sin);
  }

  private void fill(float[] frequencies, int position, float[] cos, float[] sin, int at) {
    double factor = attentionFactor();
    int half = width / 2;
    for (int j = 0; j < half; j++) {
      float angle = position * frequencies[j];
      float c = (float) (Math.cos(angle) * factor);
      float si = (float) (Math.sin(angle) * factor);
      cos[at + j] = c;
      cos[at + half + j] = c;
      sin[at + j] = si;
      sin[at + half + j] = si;
    }
  }

  /** Row-major tables [N, width]. */
  public record Angles(float[] cos, float[] sin) {}
}
