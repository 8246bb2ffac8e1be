package dev.temper.model;

import dev.temper.tensor.DType;
import dev.temper.tensor.Nn;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Shape;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/**
 * Keys and values of what a batch of sequences has read. All rows share the current slot: shorter
 * prompts start later, and a mask hides the slots before them.
 */
public final class KvCache implements AutoCloseable {
  private int capacity;
  private int rows;
  private int slot;
  private int[] starts;
  // [layers, 2, B, Hkv, T, d]: one tensor, so that one native call can run all layers. It keeps its
  // size when rows leave; the rows in use are its first ones.
  private Parameter memory;

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
    this.memory =
        Parameter.zeros(
            "cache",
            DType.F32,
            Shape.of(spec.layers(), 2, rows, spec.keyValueHeads(), capacity, spec.headWidth()));
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
    long[] dims = memory.shape().dims();
    replace(
        () ->
            Tensors.cat(
                List.of(
                    memory.value(),
                    Tensors.zeros(dims[0], dims[1], dims[2], dims[3], missing, dims[5])),
                4));
  }

  private void replace(Supplier<Tensor> larger) {
    Parameter made = Scope.run("cache", () -> Parameter.of(memory.name(), larger.get()));
    memory.close();
    memory = made;
  }

  /** Position of the token each row reads next. */
  int[] positions() {
    return Arrays.stream(starts).map(s -> slot - s).toArray();
  }

  /** Keys and values of a layer. */
  record Layer(Tensor keys, Tensor values) {}

  /** Views [B, Hkv, T, d] of a layer. */
  Layer layer(int layer) {
    List<Tensor> both = Nn.cacheLayer(memory.value(), layer, rows);
    return new Layer(both.get(0), both.get(1));
  }

  /** All of it, [layers, 2, at least B, Hkv, T, d]. */
  Tensor memory() {
    return memory.value();
  }

  /** First slot of each row; empty if every row starts at 0. */
  int[] starts() {
    return Arrays.stream(starts).anyMatch(s -> s > 0) ? starts.clone() : new int[0];
  }

  /** Copies a prompt's keys and values [n, Hkv, d] of a layer into a row. */
  void writePrompt(int layer, int row, Tensor key, Tensor value) {
    write(layer, row, starts[row], key, value);
  }

  /** Copies keys and values [n, Hkv, d] of a layer into a row from a slot on. */
  void write(int layer, int row, int from, Tensor key, Tensor value) {
    Nn.writeCache(memory.value(), key, value, layer, row, from);
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

  /**
   * Keeps only these rows.
   *
   * @param kept ascending
   */
  public void keepRows(int[] kept) {
    for (int i = 0; i < kept.length; i++) {
      if (kept[i] >= rows || kept[i] < (i == 0 ? 0 : kept[i - 1] + 1)) {
        throw new IllegalArgumentException(
            "rows to keep: " + Arrays.toString(kept) + " must ascend and be below " + rows);
      }
    }
    Scope.run("keep rows", () -> Nn.keepCacheRows(memory.value(), kept, slot));
    starts = Arrays.stream(kept).map(r -> starts[r]).toArray();
    rows = kept.length;
  }

  /**
   * Replaces the rows: row i becomes a copy of what row {@code from[i]} was. Rows may come in any
   * order, several times and not at all.
   */
  public void reorder(int[] from) {
    replace(() -> memory.value().indexSelect(2, Tensors.ofInts(from)));
    starts = Arrays.stream(from).map(r -> starts[r]).toArray();
    rows = from.length;
  }

  /** Slots there are. */
  int capacity() {
    return capacity;
  }

  /** Frees the memory. */
  @Override
  public void close() {
    memory.close();
  }
}
