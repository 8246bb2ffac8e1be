package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Noise Contrastive Alignment of pairs (Chen et al. 2024, arXiv:2402.05369, eq. 13): −ln σ(βh_c) −
 * ½ ln σ(−βh_c) − ½ ln σ(−βh_r).
 *
 * @param beta β
 */
public record NcaPairLoss(double beta) implements PreferenceLoss {
  /** Checks the ranges. */
  public NcaPairLoss {
    Checks.positive("NcaPairLoss", "beta", beta);
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor chosen = in.chosenLogRatio().mul(beta);
    Tensor rejected = in.rejectedLogRatio().mul(beta);
    Tensor up = chosen.logSigmoid().neg();
    Tensor down = chosen.neg().logSigmoid().add(rejected.neg().logSigmoid()).mul(-0.5);
    return PreferenceLoss.perPair(up.add(down));
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
