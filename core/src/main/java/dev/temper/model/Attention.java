package dev.temper.model;

import dev.temper.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The attention of a block with its weights.
 *
 * @param input the query, key and value projections
 * @param output the output projection
 */
record Attention(
    AttentionSpec spec,
    Input input,
    @Nullable NormLayer queryNorm,
    @Nullable NormLayer keyNorm,
    Linear output) {
  /** The query, key and value projections. */
  sealed interface Input {
    List<Linear> linears();

    /** Three linears. */
    record Separate(Linear query, Linear key, Linear value) implements Input {
      @Override
      public List<Linear> linears() {
        return List.of(query, key, value);
      }
    }

    /** One linear whose output is split as {@link AttentionSpec#projections} says. */
    record Fused(Linear queryKeyValue) implements Input {
      @Override
      public List<Linear> linears() {
        return List.of(queryKeyValue);
      }
    }
  }

  /** How queries, keys and values become the output: over a flat batch, or with a cache. */
  @FunctionalInterface
  interface Kernel {
    /**
     * @param q [N, H, d], not rotated yet; k and v [N, Hkv, d]
     * @return [N, H·d]
     */
    Tensor attend(AttentionSpec spec, Tensor q, Tensor k, Tensor v);
  }

  private record Heads(Tensor query, Tensor key, Tensor value) {}

  Tensor forward(Tensor x, Kernel kernel) {
    Heads h = heads(x);
    return output.apply(kernel.attend(spec, h.query, h.key, h.value));
  }

  private Heads heads(Tensor x) {
    if (input instanceof Input.Separate s) {
      return split(s.query.apply(x), s.key.apply(x), s.value.apply(x));
    }
    Tensor all = ((Input.Fused) input).queryKeyValue.apply(x);
    int q = spec.queryWidth();
    int k = spec.keyWidth();
    if (spec.projections() == Projections.FUSED) {
      return split(all.slice(1, 0, q), all.slice(1, q, q + k), all.slice(1, q + k, q + 2L * k));
    }
    int group = spec.heads() / spec.keyValueHeads();
    Tensor grouped = all.reshape(-1, spec.keyValueHeads(), group + 2L, spec.headWidth());
    return split(
        grouped.slice(2, 0, group).reshape(-1, q),
        grouped.slice(2, group, group + 1L).reshape(-1, k),
        grouped.slice(2, group + 1L, group + 2L).reshape(-1, k));
  }

  private Heads split(Tensor query, Tensor key, Tensor value) {
    boolean whole = spec.queryKeyNorm() instanceof QueryKeyNorm.WholeProjection;
    Tensor q = (whole ? normed(queryNorm, query) : query).reshape(-1, spec.heads(), width());
    Tensor k = (whole ? normed(keyNorm, key) : key).reshape(-1, spec.keyValueHeads(), width());
    Tensor v = value.reshape(-1, spec.keyValueHeads(), width());
    return whole ? new Heads(q, k, v) : new Heads(normed(queryNorm, q), normed(keyNorm, k), v);
  }

  private int width() {
    return spec.headWidth();
  }

  private static Tensor normed(@Nullable NormLayer norm, Tensor x) {
    return norm == null ? x : norm.apply(x);
  }

  List<Linear> linears() {
    return java.util.stream.Stream.concat(
            input.linears().stream(), java.util.stream.Stream.of(output))
        .toList();
  }
}
