package dev.temper.model;

import dev.temper.UserException;
import dev.temper.tensor.Nn;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Reads several more tokens of every row of a cache in one pass. */
final class Extension {
  /** Tokens of a row read at once: bounds the table of attention scores. */
  private static final int PIECE = 256;

  private final CausalLm model;
  private final KvCache cache;

  Extension(CausalLm model, KvCache cache) {
    this.model = model;
    this.cache = cache;
  }

  /** Hidden states [B, n, D] of tokens [B][n]. */
  Tensor read(int[][] tokens) {
    int n = width(tokens);
    if (n > cache.remaining()) {
      throw new IllegalStateException(
          "the cache has room for "
              + cache.remaining()
              + " more tokens, asked for "
              + n
              + ": reserve more with KvCache.reserve");
    }
    cache.remember(tokens);
    List<Tensor> parts = new ArrayList<>();
    for (int from = 0; from < n; from += PIECE) {
      int start = from;
      int end = Math.min(n, from + PIECE);
      parts.add(Scope.run("extend", () -> piece(tokens, start, end)));
    }
    return parts.size() == 1 ? parts.get(0) : Tensors.cat(parts, 1);
  }

  /** The tokens of each row, checked. */
  int width(int[][] tokens) {
    if (tokens.length != cache.rows()) {
      throw new IllegalArgumentException(
          "tokens has "
              + tokens.length
              + " rows, the cache "
              + cache.rows()
              + ": give every row its tokens");
    }
    int n = tokens.length == 0 ? 0 : tokens[0].length;
    for (int row = 0; row < tokens.length; row++) {
      if (tokens[row].length != n || n == 0) {
        throw new IllegalArgumentException(
            "row "
                + row
                + " has "
                + tokens[row].length
                + " tokens, row 0 has "
                + n
                + ": every row takes equally many, at least one");
      }
      for (int id : tokens[row]) {
        if (id < 0 || id >= model.spec().vocabulary()) {
          throw new UserException(
              "token id "
                  + id
                  + " in row "
                  + row
                  + " is outside the vocabulary of "
                  + model.spec().vocabulary());
        }
      }
    }
    return n;
  }

  private Tensor piece(int[][] tokens, int from, int to) {
    ModelSpec spec = model.spec();
    int rows = tokens.length;
    int n = to - from;
    int[] ids = new int[rows * n];
    int[] positions = new int[rows * n];
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < n; i++) {
        ids[row * n + i] = tokens[row][from + i];
        positions[row * n + i] = cache.length(row) + i;
      }
    }
    Rotations rotations = Rotations.of(spec, positions);
    Map<Visibility, Tensor> masks = new HashMap<>();
    for (BlockSpec block : spec.blocks()) {
      masks.computeIfAbsent(block.attention().visibility(), v -> mask(rows, n, v));
    }
    Tensor x = model.body().embed(ids, positions);
    for (int i = 0; i < spec.layers(); i++) {
      int layer = i;
      Tensor in = x;
      x =
          Scope.run(
              "layer",
              () ->
                  model
                      .blocks()
                      .get(layer)
                      .forward(
                          in,
                          (a, q, k, v) ->
                              attend(
                                  layer,
                                  n,
                                  a,
                                  rotations.rotate(a, q),
                                  rotations.rotate(a, k),
                                  v,
                                  Objects.requireNonNull(masks.get(a.visibility()))))
                      .value());
    }
    cache.advance(n);
    return model.body().finish(x).reshape(rows, n, spec.embedding().width());
  }

  /** [B, 1, 1, n, T]: 0 up to each token itself, -infinity after it and before its reach. */
  private Tensor mask(int rows, int n, Visibility visibility) {
    int slot = cache.slot();
    int width = slot + n;
    float[] m = new float[rows * n * width];
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < n; i++) {
        int at = (row * n + i) * width;
        int first = cache.firstSeen(row, slot + i, visibility);
        Arrays.fill(m, at, at + first, Float.NEGATIVE_INFINITY);
        Arrays.fill(m, at + slot + i + 1, at + width, Float.NEGATIVE_INFINITY);
      }
    }
    return Tensors.of(m, rows, 1, 1, n, width);
  }

  /** Writes the keys and values and attends to all slots; q [B·n, H, d], result [B·n, H·d]. */
  private Tensor attend(
      int layer, int n, AttentionSpec spec, Tensor q, Tensor k, Tensor v, Tensor mask) {
    int rows = cache.rows();
    for (int row = 0; row < rows; row++) {
      long at = (long) row * n;
      cache.write(layer, row, cache.slot(), k.slice(0, at, at + n), v.slice(0, at, at + n));
    }
    int width = cache.slot() + n;
    long shared = spec.keyValueHeads();
    long group = spec.heads() / shared;
    long d = spec.headWidth();
    KvCache.Layer past = cache.layer(layer);
    Tensor keys = past.keys().slice(2, 0, width);
    Tensor values = past.values().slice(2, 0, width);
    Tensor query =
        q.mul(spec.scale())
            .reshape(rows, n, shared, group, d)
            .permute(0, 2, 3, 1, 4)
            .reshape(rows, shared, group * n, d);
    Tensor scores = query.matMul(keys.transpose(2, 3));
    if (spec.softCap().isPresent()) {
      scores = Nn.softCap(scores, spec.softCap().getAsDouble());
    }
    Tensor weights =
        scores
            .reshape(rows, shared, group, n, width)
            .add(mask)
            .softmax(4)
            .reshape(rows, shared, group * n, width);
    return weights
        .matMul(values)
        .reshape(rows, shared, group, n, d)
        .permute(0, 3, 1, 2, 4)
        .reshape((long) rows * n, shared * group * d);
  }
}
