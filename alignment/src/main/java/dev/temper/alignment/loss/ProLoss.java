package dev.temper.alignment.loss;

import dev.temper.alignment.ListLoss;
import dev.temper.alignment.ListScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import dev.temper.train.LossOutput;

/**
 * Preference Ranking Optimization (Song et al. 2023, arXiv:2306.17492, eq. 6–9): the likelihood of
 * the ranking under mean token log-probabilities s, plus the likelihood of the best completion.
 * With temperatures from the rewards, when completion k competes with the worse ones j, s_j is
 * divided by T_j = 1/(r_k − r_j) and s_k by the smallest of these.
 *
 * <p>Differences from the paper: differences of rewards below 0.001 count as 0.001.
 *
 * @param likelihoodWeight weight of the best completion's mean log-probability; 0.05 in the paper
 * @param temperature where temperatures come from
 */
public record ProLoss(double likelihoodWeight, Temperature temperature) implements ListLoss {
  private static final double SMALLEST_GAP = 1e-3;

  /** Where temperatures come from. */
  public enum Temperature {
    /** All are 1: plain Plackett–Luce. */
    UNIT,
    /** Differences of the rewards. */
    REWARD
  }

  /** Checks the range. */
  public ProLoss {
    Checks.notNegative("ProLoss", "likelihoodWeight", likelihoodWeight);
  }

  @Override
  public LossOutput compute(ListScores in) {
    Tensor scores = in.policy().means();
    Tensor ranking =
        Ranking.negativeLogLikelihood(
            in,
            scores,
            (order, place) ->
                temperature == Temperature.UNIT
                    ? Ranking.unit(order, place)
                    : temperatures(in.rewards(), order, place));
    int[] best = new int[in.count()];
    for (int l = 0; l < best.length; l++) {
      best[l] = in.ranked(l)[0];
    }
    Tensor likelihood = scores.indexSelect(0, Tensors.ofInts(best)).mul(likelihoodWeight);
    return PreferenceLoss.perPair(ranking.sub(likelihood));
  }

  private static double[] temperatures(double[] rewards, int[] order, int place) {
    double[] t = new double[order.length - place];
    double smallest = Double.POSITIVE_INFINITY;
    for (int j = 1; j < t.length; j++) {
      double gap = Math.max(SMALLEST_GAP, rewards[order[place]] - rewards[order[place + j]]);
      t[j] = 1 / gap;
      smallest = Math.min(smallest, t[j]);
    }
    t[0] = smallest;
    return t;
  }

  @Override
  public boolean needsReference() {
    return false;
  }
}
