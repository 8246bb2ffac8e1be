package dev.temper.alignment.loss;

import dev.temper.alignment.ListLoss;
import dev.temper.alignment.ListScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import dev.temper.train.LossOutput;

/**
 * Listwise Preference Optimization (Liu et al. 2024, arXiv:2402.01878, eq. 8), LiPO-λ: −Σ over
 * pairs Δ_ij ln σ(s_i − s_j), s = βh. LambdaRank's weight is Δ_ij = |2^r_i − 2^r_j| · |1/ln(1+τ_i)
 * − 1/ln(1+τ_j)|, τ the rank of a completion by the policy's own score.
 *
 * <p>Differences from the paper: the sum is not divided by the number of pairs.
 *
 * @param beta β
 * @param weights how much a pair counts
 */
public record LipoLoss(double beta, Weights weights) implements ListLoss {
  /** How much a pair counts. */
  public enum Weights {
    /** LambdaRank's: pairs that matter for NDCG count more. */
    LAMBDA,
    /** All the same: the pairwise logistic loss. */
    EQUAL
  }

  /** Checks the range. */
  public LipoLoss {
    Checks.positive("LipoLoss", "beta", beta);
  }

  /** LiPO-λ. */
  public LipoLoss(double beta) {
    this(beta, Weights.LAMBDA);
  }

  @Override
  public LossOutput compute(ListScores in) {
    Tensor scores = in.logRatios().mul(beta);
    ListScores.Pairs pairs = in.pairs();
    Tensor margins =
        scores
            .indexSelect(0, Tensors.ofInts(pairs.better()))
            .sub(scores.indexSelect(0, Tensors.ofInts(pairs.worse())));
    Tensor losses = margins.logSigmoid().neg();
    if (weights == Weights.LAMBDA) {
      double[] lambda = lambda(in, scores.detach().toDoubles(), pairs);
      losses = losses.mul(Tensors.of(lambda, lambda.length).cast(losses.dtype()));
    }
    return PreferenceLoss.perPair(in.sumByList(losses, pairs.lists()));
  }

  private static double[] lambda(ListScores in, double[] scores, ListScores.Pairs pairs) {
    double[] discount = new double[scores.length];
    for (int l = 0; l < in.count(); l++) {
      for (int i = in.starts()[l]; i < in.starts()[l + 1]; i++) {
        int rank = 1;
        for (int j = in.starts()[l]; j < in.starts()[l + 1]; j++) {
          rank += scores[j] > scores[i] || (scores[j] == scores[i] && j < i) ? 1 : 0;
        }
        discount[i] = 1 / Math.log1p(rank);
      }
    }
    double[] out = new double[pairs.better().length];
    for (int k = 0; k < out.length; k++) {
      int i = pairs.better()[k];
      int j = pairs.worse()[k];
      out[k] =
          Math.abs(Math.pow(2, in.rewards()[i]) - Math.pow(2, in.rewards()[j]))
              * Math.abs(discount[i] - discount[j]);
    }
    return out;
  }
}
