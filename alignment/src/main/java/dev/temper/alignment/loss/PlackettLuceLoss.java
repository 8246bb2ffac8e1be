package dev.temper.alignment.loss;

import dev.temper.alignment.ListLoss;
import dev.temper.alignment.ListScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.train.LossOutput;

/**
 * DPO on rankings (Rafailov et al. 2023, arXiv:2305.18290, eq. 20): −ln of the Plackett–Luce
 * likelihood of the ranking under scores βh. Two completions make it {@link DpoLoss}.
 *
 * @param beta β
 */
public record PlackettLuceLoss(double beta) implements ListLoss {
  /** Checks the range. */
  public PlackettLuceLoss {
    Checks.positive("PlackettLuceLoss", "beta", beta);
  }

  @Override
  public LossOutput compute(ListScores in) {
    return PreferenceLoss.perPair(
        Ranking.negativeLogLikelihood(in, in.logRatios().mul(beta), Ranking::unit));
  }
}
