package dev.temper.alignment.loss;

import dev.temper.UserException;
import dev.temper.alignment.SequenceScores;
import dev.temper.alignment.UnpairedLoss;
import dev.temper.alignment.UnpairedScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * UNA on single completions (Wang et al. 2024, arXiv:2408.15339, eq. 15–17): the implicit reward βh
 * is fitted to the feedback: squared error against scores, or cross-entropy against labels.
 *
 * @param beta β
 * @param feedback what the implicit reward is compared with
 */
public record UnaLoss(double beta, Feedback feedback) implements UnpairedLoss {
  /** What the implicit reward is compared with. */
  public enum Feedback {
    /** Scores: (βh − r)². */
    SCORE,
    /** Labels: −ln σ(±βh). */
    BINARY
  }

  /** Checks the range. */
  public UnaLoss {
    Checks.positive("UnaLoss", "beta", beta);
  }

  @Override
  public LossOutput compute(UnpairedScores in) {
    Tensor implicit = in.logRatios().mul(beta);
    Tensor losses =
        switch (feedback) {
          case SCORE -> implicit.sub(in.policy().constant(scores(in))).square();
          case BINARY -> implicit.mul(in.signs()).logSigmoid().neg();
        };
    return LossOutput.of(losses, LossOutput.Per.EXAMPLE);
  }

  private static double[] scores(UnpairedScores in) {
    for (double r : in.rewards()) {
      if (Double.isNaN(r)) {
        throw new UserException("UnaLoss on scores needs the column 'score' in every row");
      }
    }
    return in.rewards();
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
