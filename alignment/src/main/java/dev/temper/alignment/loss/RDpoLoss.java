package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Length-regularised DPO (Park et al. 2024, arXiv:2403.19159, eq. 9): −ln σ(βΔ + α|y_c| − α|y_r|),
 * which follows from a reward r − α|y|.
 *
 * @param beta β
 * @param alpha α, price of a token
 */
public record RDpoLoss(double beta, double alpha) implements PreferenceLoss {
  /** Checks the ranges. */
  public RDpoLoss {
    Checks.positive("RDpoLoss", "beta", beta);
    Checks.notNegative("RDpoLoss", "alpha", alpha);
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor length = in.chosen().lengthTensor().sub(in.rejected().lengthTensor());
    return PreferenceLoss.perPair(Links.logistic(in.margin().mul(beta).add(length.mul(alpha)), 0));
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
