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

/**
 * Keys and values of what a batch of sequences has read. All rows share the current slot: shorter
 * prompts start later, and a mask hides the slots before them.
 */
public final class KvCache implements AutoCloseable {
  private final int capacity;
  private int rows;
  private int slot;
  private int[] starts;
  // [layers, 2, B, Hkv, T, d]: one tensor, so that one native call can run all layers. It keeps its
  // size when rows leave; the rows in use are its first ones.
  private final Parameter memory;

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
    Nn.writeCache(memory.value(), key, value, layer, row, starts[row]);
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
