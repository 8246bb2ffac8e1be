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
  private final int capacity;
  private int rows;
  private int slot;
  private int[] starts;
  private List<int[]> tokens = new ArrayList<>();
  private final List<Parameter> keys = new ArrayList<>();
  private final List<Parameter> values = new ArrayList<>();

  /**
   * An empty cache.
   *
   * @param prompts tokens of each row that will be written by {@link #writePrompt}
   * @param capacity slots: longest prompt plus new tokens
   */
  KvCache(ModelSpec spec, List<int[]> prompts, int capacity) {
    this.rows = prompts.size();
    this.capacity = capacity;
    this.slot = prompts.stream().mapToInt(p -> p.length).max().orElse(0);
    this.starts = prompts.stream().mapToInt(p -> slot - p.length).toArray();
    prompts.forEach(p -> tokens.add(p.clone()));
    for (int i = 0; i < spec.layers(); i++) {
      AttentionSpec attention = spec.blocks().get(i).attention();
      Shape shape = Shape.of(rows, attention.keyValueHeads(), capacity, attention.headWidth());
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

  /** Tokens row {@code i} has read. */
  int length(int i) {
    return slot - starts[i];
  }

  /** Notes the tokens that every row reads next. */
  void remember(int[] next) {
    for (int i = 0; i < rows; i++) {
      int n = length(i);
      int[] old = tokens.get(i);
      int[] longer = old.length > n ? old : Arrays.copyOf(old, Math.max(2 * n, 16));
      longer[n] = next[i];
      tokens.set(i, longer);
    }
  }

  /** Tokens row {@code i} has read, with the remembered next one. */
  int[] tokens(int i) {
    return Arrays.copyOf(tokens.get(i), length(i) + 1);
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

  /**
   * [B, 1, 1, slot + 1]: 0 where a row's next token may look, -infinity before its prompt and
   * beyond its reach.
   */
  Tensor mask(Visibility visibility) {
    int width = slot + 1;
    int reach = visibility instanceof Visibility.Sliding s ? s.window() : width;
    float[] m = new float[rows * width];
    for (int i = 0; i < rows; i++) {
      int hidden = Math.max(starts[i], width - reach);
      Arrays.fill(m, i * width, i * width + hidden, Float.NEGATIVE_INFINITY);
    }
    return Tensors.of(m, rows, 1, 1, width);
  }

  /** Keeps only these rows, in this order. */
  public void keepRows(int[] kept) {
    starts = Arrays.stream(kept).map(r -> starts[r]).toArray();
    tokens = new ArrayList<>(Arrays.stream(kept).mapToObj(r -> tokens.get(r).clone()).toList());
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
