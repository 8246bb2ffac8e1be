package dev.temper.checkpoint.gguf;

import java.util.Optional;

/**
 * Element types of a GGUF tensor. Quantized types store blocks of consecutive elements of a row.
 *
 * <p>Every type of the format is listed, so that a file's sizes can be checked and a type that
 * cannot be read is at least named; {@link #readable()} tells which can.
 */
public enum GgufType {
  /** 32-bit float. */
  F32(0, 1, 4),
  /** IEEE half. */
  F16(1, 1, 2),
  /** 4 bits and a scale. */
  Q4_0(2, 32, 18),
  /** 4 bits, a scale and a minimum. */
  Q4_1(3, 32, 20),
  /** 5 bits and a scale. */
  Q5_0(6, 32, 22),
  /** 5 bits, a scale and a minimum. */
  Q5_1(7, 32, 24),
  /** 8 bits and a scale. */
  Q8_0(8, 32, 34),
  /** 8 bits, a scale and a sum; llama.cpp's type for activations. */
  Q8_1(9, 32, 36),
  /** 2 bits, 16 groups with 4-bit scales and minima. */
  Q2_K(10, 256, 84),
  /** 3 bits, 16 groups with 6-bit scales. */
  Q3_K(11, 256, 110),
  /** 4 bits, 8 groups with 6-bit scales and minima. */
  Q4_K(12, 256, 144),
  /** 5 bits, 8 groups with 6-bit scales and minima. */
  Q5_K(13, 256, 176),
  /** 6 bits, 16 groups with 8-bit scales. */
  Q6_K(14, 256, 210),
  /** 8 bits, a scale and sums; llama.cpp's type for activations. */
  Q8_K(15, 256, 292),
  /** Codebook of about 2 bits. */
  IQ2_XXS(16, 256, 66),
  /** Codebook of about 2 bits. */
  IQ2_XS(17, 256, 74),
  /** Codebook of about 3 bits. */
  IQ3_XXS(18, 256, 98),
  /** Codebook of about 1.5 bits. */
  IQ1_S(19, 256, 50),
  /** 16 uneven values and a scale. */
  IQ4_NL(20, 32, 18),
  /** Codebook of about 3 bits. */
  IQ3_S(21, 256, 110),
  /** Codebook of about 2 bits. */
  IQ2_S(22, 256, 82),
  /** 16 uneven values, 8 groups with 6-bit scales. */
  IQ4_XS(23, 256, 136),
  /** Signed byte. */
  I8(24, 1, 1),
  /** 16-bit integer. */
  I16(25, 1, 2),
  /** 32-bit integer. */
  I32(26, 1, 4),
  /** 64-bit integer. */
  I64(27, 1, 8),
  /** 64-bit float. */
  F64(28, 1, 8),
  /** Codebook of about 1.75 bits. */
  IQ1_M(29, 256, 56),
  /** bfloat16. */
  BF16(30, 1, 2),
  /** Three values, packed. */
  TQ1_0(34, 256, 54),
  /** Three values in 2 bits. */
  TQ2_0(35, 256, 66),
  /** 4-bit floats with a shared exponent. */
  MXFP4(39, 32, 17),
  /** 4-bit floats with 8-bit float scales. */
  NVFP4(40, 64, 36),
  /** 1 bit and a scale. */
  Q1_0(41, 128, 18);

  private final int number;
  private final int blockElements;
  private final int blockBytes;

  GgufType(int number, int blockElements, int blockBytes) {
    this.number = number;
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
  }

  /** The number that stands for the type in a file. */
  public int number() {
    return number;
  }

  /** Elements in one block; a row holds whole blocks. */
  public int blockElements() {
    return blockElements;
  }

  /** Bytes of one block. */
  public int blockBytes() {
    return blockBytes;
  }

  /** Bytes of so many elements, which must be whole blocks. */
  public long bytes(long elements) {
    if (elements % blockElements != 0) {
      throw new IllegalArgumentException(
          elements + " elements are no whole number of " + this + "'s blocks of " + blockElements);
    }
    return Math.multiplyExact(elements / blockElements, (long) blockBytes);
  }

  /** Whether the values can be read as floats. */
  public boolean readable() {
    return switch (this) {
      case F32,
          F16,
          BF16,
          F64,
          Q4_0,
          Q4_1,
          Q5_0,
          Q5_1,
          Q8_0,
          Q2_K,
          Q3_K,
          Q4_K,
          Q5_K,
          Q6_K,
          IQ4_NL,
          IQ4_XS ->
          true;
      default -> false;
    };
  }

  /** Whether floats can be written as this type. */
  public boolean writable() {
    return switch (this) {
      case F32, F16, BF16, Q8_0, Q4_0 -> true;
      default -> false;
    };
  }

  static Optional<GgufType> numbered(long number) {
    for (GgufType t : values()) {
      if (t.number == number) {
        return Optional.of(t);
      }
    }
    return Optional.empty();
  }
}
