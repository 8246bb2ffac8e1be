package dev.temper.model;

import dev.temper.tensor.Nn;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.OptionalDouble;

/**
 * The language-model head: final hidden states [N, D] (after the last norm) to vocabulary scores
 * cap(scale · h Wᵀ).
 *
 * @param weight W [V, D]
 * @param scale factor on the scores; 1 for most
 * @param softCap c of c · tanh(score / c); empty for none
 */
public record Head(Parameter weight, double scale, OptionalDouble softCap) {
  /** A head whose scores are h Wᵀ. */
  public Head(Parameter weight) {
    this(weight, 1, OptionalDouble.empty());
  }

  /** Scores [N, V]. Only for few rows at a time: use {@link LogProbs} for losses. */
  public Tensor logits(Tensor hidden) {
    return scores(Nn.linear(hidden, weight.value(), null));
  }

  /** Scores from the product of hidden states and the weight, whoever computed that. */
  Tensor scores(Tensor product) {
    Tensor scaled = scale == 1 ? product : product.mul(scale);
    return softCap.isPresent() ? Nn.softCap(scaled, softCap.getAsDouble()) : scaled;
  }

  /** Scale and soft-cap as the head's kernels take them; a cap of 0 is none. */
  Tensor shaping() {
    return Tensors.of(new double[] {scale, softCap.orElse(0)});
  }
}
