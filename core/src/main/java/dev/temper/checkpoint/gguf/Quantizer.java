package dev.temper.checkpoint.gguf;

import dev.temper.checkpoint.Floats;
import java.nio.ByteBuffer;

/**
 * From floats to stored blocks, byte for byte as ggml's reference implementation ({@code
 * quantize_row_q8_0_ref}, {@code quantize_row_q4_0_ref}) without an importance matrix.
 */
final class Quantizer {
  /** A value that a type cannot hold. */
  static final class UnfitException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnfitException(String message) {
      super(message);
    }
  }

  private Quantizer() {}

  /**
   * Writes {@code count} values, whole blocks, at the buffer's position.
   *
   * @param out little endian
   * @throws UnfitException if a value is not finite, or becomes infinite in {@code type}
   */
  static void quantize(GgufType type, float[] in, int at, int count, ByteBuffer out) {
    switch (type) {
      case F32 -> {
        for (int i = at; i < at + count; i++) {
          out.putFloat(in[i]);
        }
      }
      case F16 -> {
        for (int i = at; i < at + count; i++) {
          out.putShort(half(in[i]));
        }
      }
      case BF16 -> {
        for (int i = at; i < at + count; i++) {
          out.putShort(Floats.toBf16(in[i]));
        }
      }
      case Q8_0 -> {
        for (int i = at; i < at + count; i += 32) {
          q8Zero(in, i, out);
        }
      }
      case Q4_0 -> {
        for (int i = at; i < at + count; i += 32) {
          q4Zero(in, i, out);
        }
      }
      default -> throw new IllegalArgumentException(type + " cannot be written");
    }
  }

  /** d = max |x| / 127; q = x / d rounded half away from zero. */
  private static void q8Zero(float[] in, int at, ByteBuffer out) {
    float largest = 0;
    for (int i = at; i < at + 32; i++) {
      largest = Math.max(largest, Math.abs(finite(in[i])));
    }
    float d = largest / 127;
    float inverse = inverse(d);
    out.putShort(half(d));
    for (int i = at; i < at + 32; i++) {
      float q = in[i] * inverse;
      // In double, because 0.49999997f + 0.5f would round up.
      int rounded = (int) Math.floor(Math.abs((double) q) + 0.5);
      out.put((byte) (q < 0 ? -rounded : rounded));
    }
  }

  /**
   * d = m / −8 where m is the first element of largest magnitude, with its sign; q = min(15, x / d
   * + 8.5 cut to an integer).
   */
  private static void q4Zero(float[] in, int at, ByteBuffer out) {
    float largest = 0;
    float signed = 0;
    for (int i = at; i < at + 32; i++) {
      float magnitude = Math.abs(finite(in[i]));
      if (magnitude > largest) {
        largest = magnitude;
        signed = in[i];
      }
    }
    float d = signed / -8;
    float inverse = inverse(d);
    out.putShort(half(d));
    for (int j = 0; j < 16; j++) {
      int low = Math.min(15, (int) (in[at + j] * inverse + 8.5f));
      int high = Math.min(15, (int) (in[at + j + 16] * inverse + 8.5f));
      out.put((byte) (low | (high << 4)));
    }
  }

  /** Scales too small to have an inverse are zero as halves: their blocks are zeros. */
  private static float inverse(float d) {
    float inverse = 1 / d;
    return Float.isInfinite(inverse) ? 0 : inverse;
  }

  private static float finite(float x) {
    if (!Float.isFinite(x)) {
      throw new UnfitException("holds " + x + ", which cannot be quantized");
    }
    return x;
  }

  private static short half(float x) {
    short h = Floats.toF16(x);
    if (Float.isFinite(x) && (h & 0x7c00) == 0x7c00) {
      throw new UnfitException(
          "holds " + x + ", beyond the largest half, 65504; write another type, such as BF16");
    }
    return h;
  }
}
