package dev.temper.tensor;

import org.jspecify.annotations.Nullable;

/**
 * The operations neural networks are made of, each one native call, all differentiable. N tokens, D
 * width, H heads, d head width.
 */
public final class Nn {
  private Nn() {}

  /** Rows of {@code weight} [V, D] for {@code ids} [N]. */
  public static Tensor embedding(Tensor weight, Tensor ids) {
    return Kernels.builtin().call("embedding", weight, ids);
  }

  /** x Wᵀ + b for x [..., in], W [out, in], b [out] or null. */
  public static Tensor linear(Tensor x, Tensor weight, @Nullable Tensor bias) {
    if (x.dim(-1) != weight.dim(-1)) {
      throw new TensorException(
          "linear: "
              + x.shape()
              + " x "
              + weight.shape()
              + "ᵀ: input width "
              + x.dim(-1)
              + " and weight width "
              + weight.dim(-1)
              + " differ");
    }
    return bias == null
        ? Kernels.builtin().call("linear", x, weight)
        : Kernels.builtin().call("linear_bias", x, weight, bias);
  }

  /** x / sqrt(mean(x²) + eps) · w over the last dimension. */
  public static Tensor rmsNorm(Tensor x, Tensor weight, double eps) {
    return Kernels.builtin().call("rms_norm", x, weight, Tensor.doubleArgument(eps));
  }

  /** (x - mean) / sqrt(variance + eps) · w + b over the last dimension. */
  public static Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, double eps) {
    return Kernels.builtin().call("layer_norm", x, weight, bias, Tensor.doubleArgument(eps));
  }

  /** silu(gate) · up. */
  public static Tensor siluMul(Tensor gate, Tensor up) {
    return Kernels.builtin().call("silu_mul", gate, up);
  }

  /** Rotary embedding of x [N, H, d] with cos and sin [N, 1, d], halves rotated as Llama does. */
  public static Tensor rope(Tensor x, Tensor cos, Tensor sin) {
    return Kernels.builtin().call("rope", x, cos, sin);
  }

  /**
   * Causal attention inside segments of a flat batch.
   *
   * @param q [N, H, d]
   * @param k [N, Hkv, d], H a multiple of Hkv
   * @param v [N, Hkv, d]
   * @param segments I64 [S, 4]: start and end of each segment, start and end of the prefix it also
   *     sees (equal if none)
   * @return [N, H·d]; segments must cover the batch in order
   */
  public static Tensor attention(Tensor q, Tensor k, Tensor v, Tensor segments, double scale) {
    return Kernels.builtin().call("attention", q, k, v, segments, Tensor.doubleArgument(scale));
  }

  /**
   * One decoding step of attention: writes the new keys and values into the caches at {@code slot}
   * and attends to everything so far.
   *
   * @param q [B, H, d]
   * @param k [B, Hkv, d]
   * @param keyCache [B, Hkv, T, d], changed in place
   * @param mask [B, 1, 1, T] added to the scores: 0 or -infinity
   * @return [B, H·d]
   */
  public static Tensor attendCached(
      Tensor q,
      Tensor k,
      Tensor v,
      Tensor keyCache,
      Tensor valueCache,
      Tensor mask,
      long slot,
      double scale) {
    return Kernels.builtin()
        .call(
            "attend_cached",
            q,
            k,
            v,
            keyCache,
            valueCache,
            mask,
            Tensors.of(new long[] {slot}),
            Tensor.doubleArgument(scale));
  }

  /**
   * Copies {@code part} into {@code whole[dim 0 = row, dim 2 = from...]}, in place: fills a row of
   * a cache.
   */
  static void fillCache(Tensor cache, Tensor part, long row, long from) {
    Kernels.builtin().call("fill_cache", cache, part, Tensors.of(new long[] {row, from}));
  }

  /**
   * Fills row {@code row} of a cache [B, Hkv, T, d] from {@code part} [n, Hkv, d] at slots from..
   * from+n, in place.
   */
  public static void writeCache(Tensor cache, Tensor part, long row, long from) {
    fillCache(cache, part, row, from);
  }

  /**
   * Zeroes entries with probability {@code p} and scales the rest by 1/(1-p); the choice is a
   * function of {@code rng} and the shape.
   *
   * <p>The mask comes from a generator made for this call: the engine's own is shared by all
   * threads, and a run beside this one would change what it draws.
   *
   * @param p in [0, 1)
   */
  public static Tensor dropout(Tensor x, double p, Rng rng) {
    if (!(p >= 0 && p < 1)) {
      throw new IllegalArgumentException("dropout: p = " + p + ": must be in [0, 1)");
    }
    if (p == 0) {
      return x;
    }
    return Kernels.builtin()
        .call(
            "dropout",
            x,
            Tensor.doubleArgument(p),
            Tensors.of(new long[] {rng.bits(0) >>> 1}).squeeze(0));
  }

  /** Cross entropy of each row of logits [N, V] with targets [N]; target -100 gives 0. */
  public static Tensor crossEntropy(Tensor logits, Tensor targets) {
    return Kernels.builtin().call("cross_entropy", logits, targets);
  }
}
