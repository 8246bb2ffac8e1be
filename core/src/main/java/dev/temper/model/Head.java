package dev.temper.model;

import dev.temper.tensor.Nn;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Tensor;

/**
 * The language-model head: final hidden states [N, D] (after the last norm) to vocabulary scores.
 */
public record Head(Parameter weight) {
  /** Scores [N, V]. Only for few rows at a time: use {@link LogProbs} for losses. */
  public Tensor logits(Tensor hidden) {
    return scores(Nn.linear(hidden, weight.value(), null));
  }

  /** Scores from the product of hidden states and the weight, whoever computed that. */
  Tensor scores(Tensor product) {
    return product;
  }
}
