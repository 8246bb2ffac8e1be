package dev.temper.model;

import dev.temper.tensor.DecodeKernels;

/**
 * How weights are stored while tokens are decoded. Decoding reads every weight once a token, so its
 * speed is that of memory: fewer bytes, more tokens. Prompts, scores and training always use the
 * model's own float32.
 */
public enum DecodeWeights {
  /** The model's own, not copied. */
  FLOAT32(DecodeKernels.Format.FLOAT32),
  /**
   * A half-precision copy (2 bytes a weight) with sums in float32; products differ by about 2e-4.
   */
  FLOAT16(DecodeKernels.Format.FLOAT16),
  /**
   * An 8-bit copy, a quarter of the bytes; inputs are rounded to 8 bits on the fly with one scale
   * for the whole batch. Products differ by about 1e-2, so texts change, and what a row says
   * depends a little on the rows it is decoded with.
   */
  INT8(DecodeKernels.Format.INT8);

  private final DecodeKernels.Format format;

  DecodeWeights(DecodeKernels.Format format) {
    this.format = format;
  }

  DecodeKernels.Format format() {
    return format;
  }

  /**
   * Whether this machine has the operations: x86-64 CPUs do. Where it has not, decoding uses {@link
   * #FLOAT32} one operation at a time.
   */
  public boolean isAvailable() {
    return DecodeKernels.isAvailable(format);
  }
}
