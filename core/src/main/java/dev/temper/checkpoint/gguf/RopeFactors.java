package dev.temper.checkpoint.gguf;

/**
 * Llama 3's scaling of rotary frequencies as GGUF stores it: the numbers {@code rope_freqs.weight}
 * by which frequencies are divided.
 *
 * <p>With wavelength λ = 2π / frequency and the original context length C: 1 where λ is below C /
 * high, {@code factor} where it is above C / low, and between them 1 / ((1 − s) / factor + s) with
 * s = (C / λ − low) / (high − low).
 */
final class RopeFactors {
  private RopeFactors() {}

  static float[] of(
      double theta, int width, double factor, double low, double high, double original) {
    float[] out = new float[width / 2];
    for (int i = 0; i < out.length; i++) {
      double wavelength = 2 * Math.PI * Math.pow(theta, 2.0 * i / width);
      double s = (original / wavelength - low) / (high - low);
      out[i] =
          (float)
              (wavelength < original / high
                  ? 1
                  : wavelength > original / low ? factor : 1 / ((1 - s) / factor + s));
    }
    return out;
  }

  /** Whether two lists are the same but for rounding. */
  static boolean same(float[] a, float[] b) {
    if (a.length != b.length) {
      return false;
    }
    for (int i = 0; i < a.length; i++) {
      if (Math.abs(a[i] - b[i]) > 1e-4 * Math.abs(b[i])) {
        return false;
      }
    }
    return true;
  }
}
