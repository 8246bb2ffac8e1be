package dev.temper.model;

import dev.temper.tensor.DType;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Shape;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Keys and values of what a batch of sequences has read. All rows share the current slot: shorter
 * prompts start later, and a mask hides the slots before them.
 */
public final class KvCache implements AutoCloseable {
  private int capacity;
  private int rows;
  private int slot;
  private int[] starts;
  private final List<Parameter> keys = new ArrayList<>();
  private final List<Parameter> values = new ArrayList<>();

  /**
   * An empty cache.
   *
   * @param lengths tokens of each row's prompt that will be written by {@link #writePrompt}
   * @param capacity slots: longest prompt plus new tokens
   */
  KvCache(DecoderSpec spec, int[] lengths, int capacity) {
    this.rows = lengths.length;
    this.capacity = capacity;
    this.slot = Arrays.stream(lengths).max().orElse(0);
    this.starts = Arrays.stream(lengths).map(n -> slot - n).toArray();
    Shape shape = Shape.of(rows, spec.keyValueHeads(), capacity, spec.headWidth());
    for (int i = 0; i < spec.layers(); i++) {
      keys.add(Parameter.zeros("cache." + i + ".key", DType.F32, shape));
      values.add(Parameter.zeros("cache." + i + ".value", DType.F32, shape));
    }
  }

  /** Rows in the batch. */
  public int rows() {
    return rows;
  }

  /** Slot the next token goes to. */
  int slot() {
    return slot;
  }

  void advance() {
    slot++;
  }

  void advance(int tokens) {
    slot += tokens;
  }

  /** Tokens row {@code i} has read. */
  public int length(int i) {
    return slot - starts[i];
  }

  /** Tokens every row can still read. */
  public int remaining() {
    return capacity - slot;
  }

  /**
   * Forgets the last tokens of every row; what is read next takes their place.
   *
   * @param tokens 0 up to the length of the shortest row
   */
  public void drop(int tokens) {
    int shortest = slot - Arrays.stream(starts).max().orElse(0);
    if (tokens < 0 || tokens > shortest) {
      throw new IllegalArgumentException(
          "tokens is "
              + tokens
              + ", must be in [0, "
              + shortest
              + "]: the shortest row has read "
              + shortest);
    }
    slot -= tokens;
  }

  /** Makes room for at least so many more tokens; does nothing if there is. */
  public void reserve(int tokens) {
    int missing = Math.addExact(slot, tokens) - capacity;
    if (missing <= 0) {
      return;
    }
    capacity += missing;
    for (List<Parameter> half : List.of(keys, values)) {
      half.replaceAll(
          p -> {
            long[] dims = p.shape().dims();
            Parameter larger =
                Scope.run(
                    "reserve",
                    () ->
                        Parameter.of(
                            p.name(),
                            Tensors.cat(
                                List.of(
                                    p.value(), Tensors.zeros(dims[0], dims[1], missing, dims[3])),
                                2)));
            p.close();
            return larger;
          });
    }
  }

  Tensor keys(int layer) {
    return keys.get(layer).value();
  }

  Tensor values(int layer) {
    return values.get(layer).value();
  }

  /** Copies a prompt's keys and values [n, Hkv, d] of a layer into a row. */
  void writePrompt(int layer, int row, Tensor key, Tensor value) {
    dev.temper.tensor.Nn.writeCache(keys(layer), key, row, starts[row]);
    dev.temper.tensor.Nn.writeCache(values(layer), value, row, starts[row]);
  }

  /** [B, 1, 1, slot + 1]: 0 where a row may look, -infinity before its prompt. */
  Tensor mask() {
    int width = slot + 1;
    float[] m = new float[rows * width];
    for (int i = 0; i < rows; i++) {
      Arrays.fill(m, i * width, i * width + starts[i], Float.NEGATIVE_INFINITY);
    }
    return Tensors.of(m, rows, 1, 1, width);
  }

  /** Keeps only these rows, in this order. */
  public void keepRows(int[] kept) {
    starts = Arrays.stream(kept).map(r -> starts[r]).toArray();
    rows = kept.length;
    for (List<Parameter> half : List.of(keys, values)) {
      half.replaceAll(
          p -> {
            Parameter smaller =
                Scope.run(
                    "keep rows",
                    () -> Parameter.of(p.name(), p.value().indexSelect(0, Tensors.ofInts(kept))));
            p.close();
            return smaller;
          });
    }
  }

  /** Slots there are. */
  int capacity() {
    return capacity;
  }

  /** Frees the memory. */
  @Override
  public void close() {
    keys.forEach(Parameter::close);
    values.forEach(Parameter::close);
  }
}
