package dev.temper.checkpoint.gguf;

import java.util.List;

/**
 * A tensor to be written to a GGUF file: its values are asked for a piece at a time when their turn
 * comes.
 *
 * @param type one that can be written
 * @param shape outermost first; the last size is a whole number of the type's blocks
 */
public record GgufTensorSource(String name, GgufType type, List<Long> shape, Values values) {
  /**
   * Copies and checks the shape.
   *
   * @throws IllegalArgumentException if the type cannot be written, the shape has more than four or
   *     negative sizes, or rows are no whole number of blocks
   */
  public GgufTensorSource {
    shape = List.copyOf(shape);
    if (!type.writable()) {
      throw new IllegalArgumentException(
          name + ": cannot be written as " + type + "; F32, F16, BF16, Q8_0 and Q4_0 can");
    }
    if (shape.size() > GgufHeader.MAX_DIMENSIONS || shape.stream().anyMatch(d -> d < 0)) {
      throw new IllegalArgumentException(
          name + ": shape " + shape + " must have at most four sizes, none negative");
    }
    long row = shape.isEmpty() ? 1 : shape.get(shape.size() - 1);
    if (row % type.blockElements() != 0) {
      throw new IllegalArgumentException(
          name
              + ": rows of "
              + row
              + " elements are no whole number of "
              + type
              + "'s blocks of "
              + type.blockElements());
    }
  }

  long elements() {
    long n = 1;
    for (long d : shape) {
      n = Math.multiplyExact(n, d);
    }
    return n;
  }

  long bytes() {
    return type.bytes(elements());
  }
}
