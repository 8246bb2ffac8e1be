package dev.temper.model;

import dev.temper.tensor.Nn;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Tensor;
import java.util.List;

/** One decoder block: norm, attention, residual; norm, gated feed-forward, residual. */
public record Block(
    Parameter attentionNorm,
    Linear q,
    Linear k,
    Linear v,
    Linear o,
    Parameter mlpNorm,
    Linear gate,
    Linear up,
    Linear down) {
  /**
   * How a block's queries, keys and values become its attention output: over a flat batch, or with
   * a cache.
   */
  @FunctionalInterface
  interface Attention {
    /**
     * @param q [N, H, d], not rotated yet; k and v [N, Hkv, d]
     * @return [N, H·d]
     */
    Tensor attend(Tensor q, Tensor k, Tensor v);
  }

  /** All linears, in the order of the files. */
  public List<Linear> linears() {
    return List.of(q, k, v, o, gate, up, down);
  }

  Tensor forward(Tensor x, DecoderSpec spec, Attention attention) {
    Tensor h = Nn.rmsNorm(x, attentionNorm.value(), spec.normEps());
    Tensor query = q.apply(h).reshape(-1, spec.heads(), spec.headWidth());
    Tensor key = k.apply(h).reshape(-1, spec.keyValueHeads(), spec.headWidth());
    Tensor value = v.apply(h).reshape(-1, spec.keyValueHeads(), spec.headWidth());
    Tensor y = x.add(o.apply(attention.attend(query, key, value)));
    Tensor m = Nn.rmsNorm(y, mlpNorm.value(), spec.normEps());
    return y.add(down.apply(Nn.siluMul(gate.apply(m), up.apply(m))));
  }
}
