package dev.temper.tensor;

import java.util.List;
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

  /**
   * x Wᵀ + b for x [..., in], W [out, in], b [out] or null.
   *
   * <p>Without gradients, products of up to 8 or at least 128 rows go to oneDNN where the engine
   * has it, because on AMD it is about twice as fast there as the engine's default.
   */
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
    if (!Autograd.isRecording() && x.dtype() == DType.F32 && DecodeKernels.hasOneDnn()) {
      return DecodeKernels.frozenLinear(x, weight, bias);
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

  /**
   * Rotary embedding of x [N, H, d] with cos and sin [N, 1, r], halves rotated as Llama does; only
   * the first r entries of each head are rotated.
   */
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
   * Attention inside segments of a flat batch with a limited reach, with soft-capped scores, or in
   * both directions.
   *
   * @param q [N, H, d]
   * @param k [N, Hkv, d], H a multiple of Hkv
   * @param v [N, Hkv, d]
   * @param segments as for {@link #attention}; without prefixes if not causal
   * @param causal whether later positions are hidden
   * @param window keys a query sees, itself included; 0 for all
   * @param cap c of c · tanh(score / c), applied before the mask; 0 for none
   * @return [N, H·d]
   */
  public static Tensor attention(
      Tensor q,
      Tensor k,
      Tensor v,
      Tensor segments,
      double scale,
      boolean causal,
      int window,
      double cap) {
    return Kernels.builtin()
        .call(
            "attention_masked",
            q,
            k,
            v,
            segments,
            Tensor.doubleArgument(scale),
            Tensors.of(new long[] {causal ? 1 : 0, window}),
            Tensor.doubleArgument(cap));
  }

  /** cap · tanh(x / cap). */
  public static Tensor softCap(Tensor x, double cap) {
    return Kernels.builtin().call("soft_cap", x, Tensor.doubleArgument(cap));
  }

  /**
   * One decoding step of attention: writes the new keys and values into the caches at {@code slot}
   * and attends to everything so far.
   *
   * @param q [B, H, d]
   * @param k [B, Hkv, d]
   * @param keyCache [B, Hkv, T, d], changed in place
   * @param mask [B, 1, 1, T] added to the scores: 0 or -infinity
   * @param cap c of c · tanh(score / c), applied before the mask; 0 for none
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
      double scale,
      double cap) {
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
            Tensor.doubleArgument(scale),
            Tensor.doubleArgument(cap));
  }

  /**
   * Keys and values of one layer of a cache [layers, 2, B, Hkv, T, d], each a view [rows, Hkv, T,
   * d].
   */
  public static List<Tensor> cacheLayer(Tensor cache, long layer, long rows) {
    return Kernels.builtin()
        .callAll("cache_layer", cache, Tensor.longArgument(layer), Tensor.longArgument(rows));
  }

  /**
   * Writes a sequence's keys and values [n, Hkv, d] of one layer into row {@code row} of a cache
   * [layers, 2, B, Hkv, T, d] at slots from .. from+n, in place.
   */
  public static void writeCache(
      Tensor cache, Tensor keys, Tensor values, long layer, long row, long from) {
    Kernels.builtin()
        .call("fill_cache", cache, keys, values, Tensors.of(new long[] {layer, row, from}));
  }

  /**
   * Moves rows of a cache [layers, 2, B, Hkv, T, d] to the front, in place: row {@code kept[i]}
   * becomes row i.
   *
   * @param kept ascending
   * @param slots only so many slots are in use
   */
  public static void keepCacheRows(Tensor cache, int[] kept, long slots) {
    Kernels.builtin()
        .call("keep_cache_rows", cache, Tensors.ofInts(kept), Tensor.longArgument(slots));
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
