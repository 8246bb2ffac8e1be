package dev.temper.alignment.loss;

import dev.temper.alignment.ListLoss;
import dev.temper.alignment.ListScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import dev.temper.train.LossOutput;

/**
 * RRHF (Yuan et al. 2023, arXiv:2304.05302, eq. 2–4): Σ over pairs max(0, p_worse − p_better) − ln
 * π(best), p = ln π(y)/|y|^α. Of equally good completions the first counts as best.
 *
 * @param lengthPower α; 1 in the paper
 */
public record RrhfLoss(double lengthPower) implements ListLoss {
  /** Checks the range. */
  public RrhfLoss {
    Checks.notNegative("RrhfLoss", "lengthPower", lengthPower);
  }

  @Override
  public LossOutput compute(ListScores in) {
    Tensor sums = in.policy().sums();
    Tensor scores = sums.div(in.policy().lengthTensor().pow(lengthPower));
    ListScores.Pairs pairs = in.pairs();
    Tensor gaps =
        scores
            .indexSelect(0, Tensors.ofInts(pairs.worse()))
            .sub(scores.indexSelect(0, Tensors.ofInts(pairs.better())))
            .relu();
    int[] best = new int[in.count()];
    for (int l = 0; l < best.length; l++) {
      best[l] = in.ranked(l)[0];
    }
    Tensor likelihood = sums.indexSelect(0, Tensors.ofInts(best));
    return PreferenceLoss.perPair(in.sumByList(gaps, pairs.lists()).sub(likelihood));
  }

  @Override
  public boolean needsReference() {
    return false;
  }
}
