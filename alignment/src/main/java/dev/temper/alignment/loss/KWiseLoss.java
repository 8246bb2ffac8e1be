package dev.temper.alignment.loss;

import dev.temper.alignment.ListLoss;
import dev.temper.alignment.ListScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import dev.temper.train.LossOutput;

/**
 * InstructGPT's loss over all pairs of K ranked completions (Ouyang et al. 2022, arXiv:2203.02155,
 * eq. 1): −1/C(K,2) Σ ln σ(s_better − s_worse), s the policy's summed log-probability. Ties make no
 * pair and do not change the divisor.
 */
public record KWiseLoss() implements ListLoss {
  @Override
  public LossOutput compute(ListScores in) {
    Tensor scores = in.policy().sums();
    ListScores.Pairs pairs = in.pairs();
    Tensor margins =
        scores
            .indexSelect(0, Tensors.ofInts(pairs.better()))
            .sub(scores.indexSelect(0, Tensors.ofInts(pairs.worse())));
    double[] weights = new double[pairs.lists().length];
    for (int k = 0; k < weights.length; k++) {
      int l = pairs.lists()[k];
      int size = in.starts()[l + 1] - in.starts()[l];
      weights[k] = -2.0 / (size * (size - 1.0));
    }
    Tensor losses =
        margins.logSigmoid().mul(Tensors.of(weights, weights.length).cast(scores.dtype()));
    return PreferenceLoss.perPair(in.sumByList(losses, pairs.lists()));
  }

  @Override
  public boolean needsReference() {
    return false;
  }
}
