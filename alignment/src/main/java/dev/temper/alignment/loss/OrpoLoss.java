package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import dev.temper.train.LossOutput;

/**
 * The odds-ratio term of ORPO (Hong et al. 2024, arXiv:2403.07691, eq. 7): −β ln σ(ln odds(y_c) −
 * ln odds(y_r)), odds = p/(1−p) of the mean log-probability. The whole of ORPO adds the likelihood
 * of the chosen text: {@code new OrpoLoss(0.1).plus(1, new ChosenNllLoss(TOKEN))}.
 *
 * <p>Differences from the paper: none in this term. TRL's NLL covers prompt and response, the
 * paper's (and the one above) the response.
 *
 * @param beta β, called λ in the paper
 */
public record OrpoLoss(double beta) implements PreferenceLoss {
  /** Checks the ranges. */
  public OrpoLoss {
    Checks.positive("OrpoLoss", "beta", beta);
  }

  /** ln(1 − e^x) for x < 0, by the branch that keeps its digits. */
  private static Tensor log1mExp(Tensor x) {
    Tensor near = x.gt(-Math.log(2));
    // Each branch sees a harmless number where the other is taken, or its gradient would be NaN.
    Tensor large = Tensors.where(near, x, x.mul(0).sub(0.1));
    Tensor small = Tensors.where(near, x.mul(0).sub(2), x);
    return Tensors.where(near, large.expm1().neg().log(), small.exp().neg().log1p());
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor chosen = in.chosen().means();
    Tensor rejected = in.rejected().means();
    Tensor odds = chosen.sub(log1mExp(chosen)).sub(rejected.sub(log1mExp(rejected)));
    return PreferenceLoss.perPair(odds.logSigmoid().mul(-beta));
  }

  @Override
  public boolean needsReference() {
    return false;
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.means().mul(beta);
  }
}
