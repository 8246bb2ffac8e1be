package dev.temper.efficiency.peft;

import dev.temper.model.Linear;
import dev.temper.tensor.Nn;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
import dev.temper.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * LoRA at one layer: y = W x + s · B (A dropout(x)).
 *
 * @param a A [r, in]
 * @param b B [out, r]
 * @param scale s
 * @param dropout probability with which an input to A is zeroed in training
 */
record LoraLayer(Linear linear, Parameter a, Parameter b, double scale, double dropout)
    implements LayerAdapter {
  @Override
  public List<Parameter> parameters() {
    return List.of(a, b);
  }

  @Override
  public Tensor forward(Linear.Op base, Tensor x, @Nullable Rng rng) {
    Tensor in = rng == null ? x : Nn.dropout(x, dropout, rng);
    // Scaling the narrow product costs r numbers a token instead of the layer's width.
    Tensor narrow = Nn.linear(in, a.value(), null).mul(scale);
    return base.apply(x).add(Nn.linear(narrow, b.value(), null));
  }

  @Override
  public Tensor merged(Tensor weight) {
    return weight.add(delta());
  }

  @Override
  public Tensor unmerged(Tensor weight) {
    return weight.sub(delta());
  }

  private Tensor delta() {
    return b.value().matMul(a.value()).mul(scale);
  }
}
