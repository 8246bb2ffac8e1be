package dev.temper.checkpoint.gguf;

import dev.temper.checkpoint.Floats;
import java.nio.ByteBuffer;

/**
 * From stored blocks to floats, in float32 and in the order of operations of ggml's reference
 * implementation without fused multiply-adds, so that results are the same bit for bit.
 *
 * <p>In the formulas {@code d} and {@code m} are the halves a block stores, {@code q} its small
 * integers.
 */
final class Dequantizer {
  /** The 16 values an index of IQ4_NL and IQ4_XS stands for. */
  private static final int[] UNEVEN = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };

  private Dequantizer() {}

  /**
   * Writes {@code count} values, whole blocks, into {@code out} from {@code at} on.
   *
   * @param in little endian, read from its first byte on
   */
  static void dequantize(GgufType type, ByteBuffer in, float[] out, int at, int count) {
    int end = at + count;
    int bytes = type.blockBytes();
    switch (type) {
      case F32 -> in.asFloatBuffer().get(out, at, count);
      case F64 -> {
        for (int i = 0; i < count; i++) {
          out[at + i] = (float) in.getDouble(8 * i);
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          out[at + i] = half(in, 2 * i);
        }
      }
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          out[at + i] = Floats.fromBf16(in.getShort(2 * i));
        }
      }
      default -> {
        for (int b = 0, to = at; to < end; b += bytes, to += type.blockElements()) {
          block(type, in, b, out, to);
        }
      }
    }
  }

  private static void block(GgufType type, ByteBuffer in, int b, float[] out, int to) {
    switch (type) {
      case Q4_0 -> q4Zero(in, b, out, to);
      case Q4_1 -> q4One(in, b, out, to);
      case Q5_0 -> q5Zero(in, b, out, to);
      case Q5_1 -> q5One(in, b, out, to);
      case Q8_0 -> q8Zero(in, b, out, to);
      case Q2_K -> q2K(in, b, out, to);
      case Q3_K -> q3K(in, b, out, to);
      case Q4_K -> q4K(in, b, out, to);
      case Q5_K -> q5K(in, b, out, to);
      case Q6_K -> q6K(in, b, out, to);
      case IQ4_NL -> iq4Nl(in, b, out, to);
      case IQ4_XS -> iq4Xs(in, b, out, to);
      default -> throw new IllegalArgumentException(type + " cannot be dequantised");
    }
  }

  private static float half(ByteBuffer in, int at) {
    return Floats.fromF16(in.getShort(at));
  }

  private static int unsigned(ByteBuffer in, int at) {
    return in.get(at) & 0xff;
  }

  /** 18 bytes: d, then 16 bytes whose low nibbles are the first 16 elements. d (q − 8). */
  private static void q4Zero(ByteBuffer in, int b, float[] out, int to) {
    float d = half(in, b);
    for (int j = 0; j < 16; j++) {
      int q = unsigned(in, b + 2 + j);
      out[to + j] = d * ((q & 15) - 8);
      out[to + j + 16] = d * ((q >> 4) - 8);
    }
  }

  /** 20 bytes: d, m, nibbles. d q + m. */
  private static void q4One(ByteBuffer in, int b, float[] out, int to) {
    float d = half(in, b);
    float m = half(in, b + 2);
    for (int j = 0; j < 16; j++) {
      int q = unsigned(in, b + 4 + j);
      out[to + j] = d * (q & 15) + m;
      out[to + j + 16] = d * (q >> 4) + m;
    }
  }

  /** 22 bytes: d, 32 fifth bits, nibbles. d (q − 16). */
  private static void q5Zero(ByteBuffer in, int b, float[] out, int to) {
    float d = half(in, b);
    int high = in.getInt(b + 2);
    for (int j = 0; j < 16; j++) {
      int q = unsigned(in, b + 6 + j);
      out[to + j] = d * (((q & 15) | fifth(high, j)) - 16);
      out[to + j + 16] = d * (((q >> 4) | fifth(high, j + 16)) - 16);
    }
  }

  /** 24 bytes: d, m, 32 fifth bits, nibbles. d q + m. */
  private static void q5One(ByteBuffer in, int b, float[] out, int to) {
    float d = half(in, b);
    float m = half(in, b + 2);
    int high = in.getInt(b + 4);
    for (int j = 0; j < 16; j++) {
      int q = unsigned(in, b + 8 + j);
      out[to + j] = d * ((q & 15) | fifth(high, j)) + m;
      out[to + j + 16] = d * ((q >> 4) | fifth(high, j + 16)) + m;
    }
  }

  private static int fifth(int bits, int element) {
    return ((bits >>> element) & 1) << 4;
  }

  /** 34 bytes: d, 32 signed bytes. q d. */
  private static void q8Zero(ByteBuffer in, int b, float[] out, int to) {
    float d = half(in, b);
    for (int j = 0; j < 32; j++) {
      out[to + j] = in.get(b + 2 + j) * d;
    }
  }

  /**
   * 84 bytes: 16 groups' scale (low nibble) and minimum (high nibble), 64 bytes of 2-bit values, d,
   * dmin. Each half of 128 elements takes 32 bytes: its j-th run of 32 elements are bits 2j and 2j
   * + 1. (d scale) q − dmin minimum.
   */
  private static void q2K(ByteBuffer in, int b, float[] out, int to) {
    float d = half(in, b + 80);
    float dmin = half(in, b + 82);
    for (int i = 0; i < 256; i++) {
      int group = unsigned(in, b + i / 16);
      float scale = d * (group & 15);
      float min = dmin * (group >> 4);
      int q = twoBits(in, b + 16, i);
      out[to + i] = scale * q - min;
    }
  }

  private static int twoBits(ByteBuffer in, int start, int i) {
    return (unsigned(in, start + i / 128 * 32 + i % 32) >> (i % 128 / 32 * 2)) & 3;
  }

  /**
   * 110 bytes: 32 bytes of third bits (bit i/32 of byte i mod 32), 64 bytes of 2-bit values as in
   * Q2_K, 12 bytes of 6-bit scales, d. A cleared third bit means q − 4. (d (scale − 32)) q.
   */
  private static void q3K(ByteBuffer in, int b, float[] out, int to) {
    float d = half(in, b + 108);
    for (int g = 0; g < 16; g++) {
      int low = (unsigned(in, b + 96 + g % 8) >> (g / 8 * 4)) & 15;
      int high = (unsigned(in, b + 104 + g % 4) >> (g / 4 * 2)) & 3;
      float scale = d * ((low | (high << 4)) - 32);
      for (int i = 16 * g; i < 16 * g + 16; i++) {
        int third = (unsigned(in, b + i % 32) >> (i / 32)) & 1;
        out[to + i] = scale * (twoBits(in, b + 32, i) - (third == 1 ? 0 : 4));
      }
    }
  }

  /** 6-bit scale of a group of Q4_K and Q5_K. */
  private static int scale(ByteBuffer in, int s, int g) {
    return g < 4
        ? unsigned(in, s + g) & 63
        : (unsigned(in, s + g + 4) & 15) | (unsigned(in, s + g - 4) >> 6 << 4);
  }

  /** 6-bit minimum of a group of Q4_K and Q5_K. */
  private static int minimum(ByteBuffer in, int s, int g) {
    return g < 4
        ? unsigned(in, s + g + 4) & 63
        : (unsigned(in, s + g + 4) >> 4) | (unsigned(in, s + g) >> 6 << 4);
  }

  /**
   * 144 bytes: d, dmin, 12 bytes of 6-bit scales and minima, 128 bytes of nibbles; 64 elements
   * share 32 bytes, the first 32 in the low nibbles. (d scale) q − dmin minimum.
   */
  private static void q4K(ByteBuffer in, int b, float[] out, int to) {
    float d = half(in, b);
    float dmin = half(in, b + 2);
    for (int g = 0; g < 8; g++) {
      float scale = d * scale(in, b + 4, g);
      float min = dmin * minimum(in, b + 4, g);
      for (int j = 0; j < 32; j++) {
        int q = (unsigned(in, b + 16 + g / 2 * 32 + j) >> (g % 2 * 4)) & 15;
        out[to + 32 * g + j] = scale * q - min;
      }
    }
  }

  /** 176 bytes: as Q4_K with 32 bytes of fifth bits (bit g of byte j) before the nibbles. */
  private static void q5K(ByteBuffer in, int b, float[] out, int to) {
    float d = half(in, b);
    float dmin = half(in, b + 2);
    for (int g = 0; g < 8; g++) {
      float scale = d * scale(in, b + 4, g);
      float min = dmin * minimum(in, b + 4, g);
      for (int j = 0; j < 32; j++) {
        int low = (unsigned(in, b + 48 + g / 2 * 32 + j) >> (g % 2 * 4)) & 15;
        int high = (unsigned(in, b + 16 + j) >> g) & 1;
        out[to + 32 * g + j] = scale * (low | (high << 4)) - min;
      }
    }
  }

  /**
   * 210 bytes: 128 bytes of low nibbles, 64 bytes of high pairs of bits, 16 signed scales, d. Each
   * half of 128 elements takes 64 bytes of nibbles (elements 0–63 low, 64–127 high) and 32 bytes of
   * pairs as in Q2_K. (d scale) (q − 32).
   */
  private static void q6K(ByteBuffer in, int b, float[] out, int to) {
    float d = half(in, b + 208);
    for (int g = 0; g < 16; g++) {
      float scale = d * in.get(b + 192 + g);
      for (int i = 16 * g; i < 16 * g + 16; i++) {
        int low = (unsigned(in, b + i / 128 * 64 + i % 64) >> (i % 128 / 64 * 4)) & 15;
        int high = twoBits(in, b + 128, i);
        out[to + i] = scale * ((low | (high << 4)) - 32);
      }
    }
  }

  /** 18 bytes as Q4_0, but a nibble is an index into the uneven values. d v. */
  private static void iq4Nl(ByteBuffer in, int b, float[] out, int to) {
    float d = half(in, b);
    for (int j = 0; j < 16; j++) {
      int q = unsigned(in, b + 2 + j);
      out[to + j] = d * UNEVEN[q & 15];
      out[to + j + 16] = d * UNEVEN[q >> 4];
    }
  }

  /**
   * 136 bytes: d, 16 bits and 4 bytes of 6-bit scales (2 high and 4 low bits), 8 groups of 16 bytes
   * as in IQ4_NL. (d (scale − 32)) v.
   */
  private static void iq4Xs(ByteBuffer in, int b, float[] out, int to) {
    float d = half(in, b);
    int high = in.getShort(b + 2);
    for (int g = 0; g < 8; g++) {
      int low = (unsigned(in, b + 4 + g / 2) >> (g % 2 * 4)) & 15;
      float scale = d * ((low | (((high >> (2 * g)) & 3) << 4)) - 32);
      for (int j = 0; j < 16; j++) {
        int q = unsigned(in, b + 8 + 16 * g + j);
        out[to + 32 * g + j] = scale * UNEVEN[q & 15];
        out[to + 32 * g + j + 16] = scale * UNEVEN[q >> 4];
      }
    }
  }
}
