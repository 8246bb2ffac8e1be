package dev.temper.alignment;

import dev.temper.tensor.Tensor;

/**
 * What a pairwise reward loss looks at.
 *
 * @param chosen rewards of the chosen completions [P]
 * @param rejected rewards of the rejected ones [P]
 * @param margins how much better the data says the chosen ones are, 0 where it does not say [P]
 */
public record RewardPairs(Tensor chosen, Tensor rejected, double[] margins) {
  /** Checks the sizes. */
  public RewardPairs {
    if (chosen.dim(0) != rejected.dim(0) || chosen.dim(0) != margins.length) {
      throw new IllegalArgumentException(
          "RewardPairs: "
              + chosen.shape()
              + " chosen, "
              + rejected.shape()
              + " rejected, "
              + margins.length
              + " margins");
    }
  }
}
