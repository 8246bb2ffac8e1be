package dev.temper.model;

import dev.temper.tensor.DType;
import dev.temper.tensor.Nn;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Shape;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.ArrayList;
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
  private List<int[]> tokens = new ArrayList<>();
  private boolean[] stretched;
  // [layers, 2, B, Hkv, T, d]: one tensor, so that one native call can run all layers. It keeps its
  // size when rows leave; the rows in use are its first ones.
  private Parameter memory;

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
    this.stretched = new boolean[rows];
    for (int i = 0; i < rows; i++) {
      stretched[i] = longRopeLimit(spec) < prompts.get(i).length;
    }
    AttentionSpec first = spec.blocks().get(0).attention();
    for (BlockSpec block : spec.blocks()) {
      AttentionSpec a = block.attention();
      if (a.keyValueHeads() != first.keyValueHeads() || a.headWidth() != first.headWidth()) {
        throw new IllegalArgumentException(
            "blocks whose key-value heads differ in number or width cannot share a cache: "
                + first.keyValueHeads()
                + " of "
                + first.headWidth()
                + " and "
                + a.keyValueHeads()
                + " of "
                + a.headWidth());
      }
    }
    this.memory =
        Parameter.zeros(
            "cache",
            DType.F32,
            Shape.of(spec.layers(), 2, rows, first.keyValueHeads(), capacity, first.headWidth()));
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

  /** Notes the tokens [B][n] that every row reads next. */
  void remember(int[][] next) {
    for (int i = 0; i < rows; i++) {
      int n = length(i);
      int[] old = tokens.get(i);
      int needed = n + next[i].length;
      int[] longer =
          old.length >= needed ? old : Arrays.copyOf(old, Math.max(2 * n, Math.max(needed, 16)));
      System.arraycopy(next[i], 0, longer, n, next[i].length);
      tokens.set(i, longer);
    }
  }

  /** Whether the keys of row {@code i} are rotated as LongRoPE does beyond its original length. */
  boolean stretched(int i) {
    return stretched[i];
  }

  void stretched(int i, boolean value) {
    stretched[i] = value;
  }

  /** Tokens row {@code i} has read, with the remembered next one. */
  int[] tokens(int i) {
    return Arrays.copyOf(tokens.get(i), length(i) + 1);
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

  /**
   * [B, 1, 1, slot + 1]: 0 where a row's next token may look, -infinity before its prompt and
   * beyond its reach.
   */
  Tensor mask(Visibility visibility) {
    int width = slot + 1;
    float[] m = new float[rows * width];
    for (int i = 0; i < rows; i++) {
      Arrays.fill(
          m, i * width, i * width + firstSeen(i, slot, visibility), Float.NEGATIVE_INFINITY);
    }
    return Tensors.of(m, rows, 1, 1, width);
  }

  /** First slot that the token of row {@code i} at {@code at} sees. */
  int firstSeen(int i, int at, Visibility visibility) {
    return visibility instanceof Visibility.Sliding s
        ? Math.max(starts[i], at + 1 - s.window())
        : starts[i];
  }

  /** Longest sequence of the original frequencies; the largest integer if all lengths are alike. */
  static int longRopeLimit(ModelSpec spec) {
    return spec.blocks().stream()
        .flatMap(b -> b.attention().rope().stream())
        .filter(r -> r.scaling() instanceof Rope.Scaling.LongRope)
        .mapToInt(r -> ((Rope.Scaling.LongRope) r.scaling()).originalLength())
        .findFirst()
        .orElse(Integer.MAX_VALUE);
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
    take(kept);
  }

  /** What is known of rows beside their keys and values, for other rows. */
  private void take(int[] from) {
    boolean[] before = stretched;
    stretched = new boolean[from.length];
    for (int i = 0; i < from.length; i++) {
      stretched[i] = before[from[i]];
    }
    tokens = new ArrayList<>(Arrays.stream(from).mapToObj(r -> tokens.get(r).clone()).toList());
    starts = Arrays.stream(from).map(r -> starts[r]).toArray();
    rows = from.length;
  }

  /**
   * Replaces the rows: row i becomes a copy of what row {@code from[i]} was. Rows may come in any
   * order, several times and not at all.
   */
  public void reorder(int[] from) {
    replace(() -> memory.value().indexSelect(2, Tensors.ofInts(from)));
    take(from);
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
