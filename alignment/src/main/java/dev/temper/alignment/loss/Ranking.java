package dev.temper.alignment.loss;

import dev.temper.alignment.ListScores;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The likelihood of a ranking under Plackett–Luce. */
final class Ranking {
  private Ranking() {}

  /** Divides the scores that compete for a place. */
  @FunctionalInterface
  interface Temperatures {
    /** Temperatures of the completions {@code order[place…]} when they compete for that place. */
    double[] at(int[] order, int place);
  }

  /**
   * −ln P(ranking) of each list: Σ over all places but the last of ln Σ_{j≥k} e^(s_j/T_j) − s_k/T_k
   * [L].
   */
  static Tensor negativeLogLikelihood(ListScores in, Tensor scores, Temperatures temperatures) {
    List<Tensor> lists = new ArrayList<>();
    for (int l = 0; l < in.count(); l++) {
      int[] order = in.ranked(l);
      Tensor ranked = scores.indexSelect(0, Tensors.ofInts(order));
      Tensor total = ranked.slice(0, 0, 1).mul(0);
      for (int k = 0; k < order.length - 1; k++) {
        double[] t = temperatures.at(order, k);
        Tensor rest =
            ranked.slice(0, k, order.length).div(Tensors.of(t, t.length).cast(scores.dtype()));
        total = total.add(rest.logSumExp(0, true)).sub(rest.slice(0, 0, 1));
      }
      lists.add(total);
    }
    return Tensors.cat(lists, 0);
  }

  /** All temperatures 1. */
  static double[] unit(int[] order, int place) {
    double[] ones = new double[order.length - place];
    Arrays.fill(ones, 1);
    return ones;
  }
}
