package dev.temper.checkpoint.gguf;

/**
 * The order of the rows of a head's query and key projection. Hugging Face rotates element i with
 * element i + d/2, llama.cpp's {@code llama} element 2i with 2i + 1, so row i + p·d/2 of the one is
 * row 2i + p of the other (p = 0, 1).
 */
final class RotaryRows {
  private RotaryRows() {}

  /** The row of Hugging Face's tensor that is a row of GGUF's, for heads of {@code width} rows. */
  static long huggingFaceRow(long ggufRow, long width) {
    long inside = ggufRow % width;
    return ggufRow - inside + inside % 2 * (width / 2) + inside / 2;
  }

  /** The row of GGUF's tensor that is a row of Hugging Face's. */
  static long ggufRow(long huggingFaceRow, long width) {
    long inside = huggingFaceRow % width;
    return huggingFaceRow - inside + 2 * (inside % (width / 2)) + inside / (width / 2);
  }
}
