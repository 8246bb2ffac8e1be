package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Calibrated DPO (Xiao et al. 2024, arXiv:2412.14516): −ln σ(Δ) + (h_c − 1/(2β))² + (h_r +
 * 1/(2β))²: the margin is compared without β and the log-ratios are driven to absolute targets.
 *
 * @param beta β
 */
public record CalDpoLoss(double beta) implements PreferenceLoss {
  /** Checks the ranges. */
  public CalDpoLoss {
    Checks.positive("CalDpoLoss", "beta", beta);
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor calibration =
        in.chosenLogRatio()
            .sub(0.5 / beta)
            .square()
            .add(in.rejectedLogRatio().add(0.5 / beta).square());
    return PreferenceLoss.perPair(Links.logistic(in.margin(), 0).add(calibration));
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
