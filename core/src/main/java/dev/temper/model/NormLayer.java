package dev.temper.model;

import dev.temper.tensor.Nn;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Tensor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A norm with its weights.
 *
 * @param weight w over the last dimension
 * @param bias b, which only {@link Norm.Layer} has
 */
record NormLayer(Norm norm, Parameter weight, @Nullable Parameter bias) {
  Tensor apply(Tensor x) {
    if (norm instanceof Norm.UnitOffsetRms r) {
      return Nn.rmsNorm(x, weight.value().add(1), r.eps());
    }
    if (norm instanceof Norm.Layer l) {
      return Nn.layerNorm(x, weight.value(), Objects.requireNonNull(bias).value(), l.eps());
    }
    return Nn.rmsNorm(x, weight.value(), norm.eps());
  }
}
