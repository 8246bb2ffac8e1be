package dev.temper.checkpoint.gguf;

import java.util.List;

/**
 * What a GGUF header says of one tensor.
 *
 * @param shape sizes as everywhere else in Temper, outermost first (the file has them reversed)
 * @param offset first byte, counted from the start of the data section
 * @param bytes size of the data
 */
public record GgufTensor(String name, GgufType type, List<Long> shape, long offset, long bytes) {
  /** Copies the shape. */
  public GgufTensor {
    shape = List.copyOf(shape);
  }

  /** Number of elements. */
  public long elements() {
    long n = 1;
    for (long d : shape) {
      n *= d;
    }
    return n;
  }

  /** Elements of one row, the innermost dimension; blocks never cross a row. */
  public long rowElements() {
    return shape.isEmpty() ? 1 : shape.get(shape.size() - 1);
  }
}
