package dev.temper.alignment.loss;

import dev.temper.alignment.ListLoss;
import dev.temper.alignment.ListScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import dev.temper.train.LossOutput;
import java.util.ArrayList;
import java.util.List;

/**
 * ListNet's softmax loss on implicit rewards (Liu et al. 2024, arXiv:2402.01878, Table 1; Cao et
 * al. 2007): −Σ softmax(r) ln softmax(βh).
 *
 * @param beta β
 */
public record ListNetLoss(double beta) implements ListLoss {
  /** Checks the range. */
  public ListNetLoss {
    Checks.positive("ListNetLoss", "beta", beta);
  }

  @Override
  public LossOutput compute(ListScores in) {
    Tensor scores = in.logRatios().mul(beta);
    Tensor rewards = in.policy().constant(in.rewards());
    List<Tensor> lists = new ArrayList<>();
    for (int l = 0; l < in.count(); l++) {
      int from = in.starts()[l];
      int to = in.starts()[l + 1];
      Tensor target = rewards.slice(0, from, to).softmax(0);
      Tensor ours = scores.slice(0, from, to).logSoftmax(0);
      lists.add(target.mul(ours).sum(0, true).neg());
    }
    return PreferenceLoss.perPair(Tensors.cat(lists, 0));
  }
}
