package dev.temper.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;

/**
 * Conversions between stored element types and floats. Narrowing rounds to nearest, ties to even.
 */
public final class Floats {
  private Floats() {}

  /** A tensor's values as floats; exact for F32, F16, BF16 and 8-bit floats. */
  public static float[] widen(TensorInfo info, ByteBuffer bytes) {
    ByteBuffer b = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
    int n = Math.toIntExact(info.elements());
    float[] out = new float[n];
    switch (info.type()) {
      case F32 -> b.asFloatBuffer().get(out);
      case BF16 -> {
        ShortBuffer s = b.asShortBuffer();
        for (int i = 0; i < n; i++) {
          out[i] = fromBf16(s.get(i));
        }
      }
      case F16 -> {
        ShortBuffer s = b.asShortBuffer();
        for (int i = 0; i < n; i++) {
          out[i] = fromF16(s.get(i));
        }
      }
      case F64 -> {
        for (int i = 0; i < n; i++) {
          out[i] = (float) b.getDouble(i * 8);
        }
      }
      case F8_E4M3 -> {
        for (int i = 0; i < n; i++) {
          out[i] = fromE4m3(b.get(i));
        }
      }
      case F8_E5M2 -> {
        for (int i = 0; i < n; i++) {
          out[i] = fromF16((short) (b.get(i) << 8));
        }
      }
      case I64 -> {
        LongBuffer l = b.asLongBuffer();
        for (int i = 0; i < n; i++) {
          out[i] = l.get(i);
        }
      }
      case I32 -> {
        for (int i = 0; i < n; i++) {
          out[i] = b.getInt(i * 4);
        }
      }
      case U8, BOOL -> {
        for (int i = 0; i < n; i++) {
          out[i] = b.get(i) & 0xff;
        }
      }
      case I8 -> {
        for (int i = 0; i < n; i++) {
          out[i] = b.get(i);
        }
      }
      default ->
          throw new CheckpointException(
              "tensor '" + info.name() + "': " + info.type() + " cannot be read as floats");
    }
    return out;
  }

  /** The float with these upper 16 bits. */
  public static float fromBf16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** The nearest bfloat16; NaN stays NaN. */
  public static short toBf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) | 0x40);
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  /** The float equal to an IEEE half. */
  public static float fromF16(short half) {
    int sign = (half & 0x8000) << 16;
    int exponent = (half >>> 10) & 0x1f;
    int mantissa = half & 0x3ff;
    if (exponent == 0) {
      float magnitude = mantissa * 0x1p-24f;
      return sign == 0 ? magnitude : -magnitude;
    }
    if (exponent == 31) {
      return Float.intBitsToFloat(sign | 0x7f800000 | (mantissa << 13));
    }
    return Float.intBitsToFloat(sign | ((exponent + 112) << 23) | (mantissa << 13));
  }

  /** The nearest IEEE half; too large becomes infinite, NaN stays NaN. */
  public static short toF16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = (bits >>> 16) & 0x8000;
    int magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) {
      return (short) (sign | 0x7e00);
    }
    if (magnitude >= 0x477ff000) {
      return (short) (sign | 0x7c00);
    }
    if (magnitude < 0x38800000) {
      // Below the smallest normal half: rint rounds the multiple of 2^-24 to even.
      return (short) (sign | (int) Math.rint((double) Float.intBitsToFloat(magnitude) * 0x1p24));
    }
    int rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
    return (short) (sign | ((rounded - 0x38000000) >>> 13));
  }

  private static float fromE4m3(byte b) {
    int exponent = (b >>> 3) & 0xf;
    int mantissa = b & 7;
    float magnitude;
    if (exponent == 15 && mantissa == 7) {
      magnitude = Float.NaN;
    } else if (exponent == 0) {
      magnitude = mantissa * 0x1p-9f;
    } else {
      magnitude = (1 + mantissa / 8f) * Math.scalb(1f, exponent - 7);
    }
    return b < 0 ? -magnitude : magnitude;
  }
}
