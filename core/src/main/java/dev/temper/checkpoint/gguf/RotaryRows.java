package dev.temper.checkpoint.gguf;

/**
 * The order of the rows of a head's query and key projection. Hugging Face rotates element i with
 * element i + d/2, llama.cpp's {@code llama} element 2i with 2i + 1, so row i + p·d/2 of the one is
 * row 2i + p of the other (p = 0, 1).
 */
final class RotaryRows {
  private RotaryRows() {}

  /** From Hugging Face's order to GGUF's. */
  static float[] toGguf(float[] values, int heads, int rows) {
    return reorder(values, heads, rows, true);
  }

  /** From GGUF's order to Hugging Face's. */
  static float[] toHuggingFace(float[] values, int heads, int rows) {
    return reorder(values, heads, rows, false);
  }

  /**
   * Reorders rows.
   *
   * @param values a matrix or a vector
   * @param rows number of rows; heads divide them into even numbers
   */
  private static float[] reorder(float[] values, int heads, int rows, boolean toGguf) {
    int width = rows / heads;
    int columns = values.length / rows;
    float[] out = new float[values.length];
    for (int h = 0; h < heads; h++) {
      for (int i = 0; i < width / 2; i++) {
        for (int p = 0; p < 2; p++) {
          int halves = h * width + p * (width / 2) + i;
          int neighbours = h * width + 2 * i + p;
          int from = toGguf ? halves : neighbours;
          int to = toGguf ? neighbours : halves;
          System.arraycopy(values, from * columns, out, to * columns, columns);
        }
      }
    }
    return out;
  }
}
