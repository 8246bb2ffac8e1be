package dev.temper.alignment.loss;

import dev.temper.alignment.RewardPairs;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import dev.temper.train.Loss;
import dev.temper.train.LossOutput;

/**
 * The pairwise loss of reward models (Bradley and Terry 1952; Ouyang et al. 2022, arXiv:2203.02155,
 * eq. 1; with margins Touvron et al. 2023, arXiv:2307.09288, eq. 2): −ln σ(r_c − r_r − m) + c (r_c
 * + r_r)².
 *
 * @param centering c, keeps rewards around 0 (Eisenstein et al. 2023, arXiv:2312.09244); 0 is off
 * @param labelSmoothing ε, the share of pairs that are labelled the wrong way round
 */
public record BradleyTerryLoss(double centering, double labelSmoothing)
    implements Loss<RewardPairs> {
  /** Checks the ranges. */
  public BradleyTerryLoss {
    Checks.notNegative("BradleyTerryLoss", "centering", centering);
    Checks.noise("BradleyTerryLoss", labelSmoothing);
  }

  /** Without centring and smoothing. */
  public BradleyTerryLoss() {
    this(0, 0);
  }

  /** With centring; 0.01 is usual. */
  public BradleyTerryLoss centering(double coefficient) {
    return new BradleyTerryLoss(coefficient, labelSmoothing);
  }

  @Override
  public LossOutput compute(RewardPairs in) {
    Tensor margins = Tensors.of(in.margins(), in.margins().length).cast(in.chosen().dtype());
    Tensor losses = Links.logistic(in.chosen().sub(in.rejected()).sub(margins), labelSmoothing);
    if (centering > 0) {
      losses = losses.add(in.chosen().add(in.rejected()).square().mul(centering));
    }
    return LossOutput.of(losses, LossOutput.Per.EXAMPLE);
  }
}
