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
  private List<int[]> tokens = new ArrayList<>();
  private boolean[] stretched;
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
    this.stretched = new boolean[rows];
    for (int i = 0; i < rows; i++) {
      stretched[i] = longRopeLimit(spec) < prompts.get(i).length;
    }
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

  /**
   * [B, 1, 1, slot + 1]: 0 where a row's next token may look, -infinity before its prompt and
   * beyond its reach.
   */
  Tensor mask(Visibility visibility) {
    int width = slot + 1;
    float[] m = new float[rows * width];
    for (int i = 0; i < rows; i++) {
      Arrays.fill(m, i * width, i * width + firstSeen(i, slot, visibility), Float.NEGATIVE_INFINITY);
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

  /** Keeps only these rows, in this order. */
  public void keepRows(int[] kept) {
    starts = Arrays.stream(kept).map(r -> starts[r]).toArray();
    boolean[] before = stretched;
    stretched = new boolean[kept.length];
    for (int i = 0; i < kept.length; i++) {
      stretched[i] = before[kept[i]];
    }
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
