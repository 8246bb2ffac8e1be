package dev.temper.alignment.loss;

import dev.temper.alignment.SequenceScores;
import dev.temper.alignment.UnpairedLoss;
import dev.temper.alignment.UnpairedScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Binary Classifier Optimization (Jung et al. 2024, arXiv:2404.04656, eq. 9): −ln σ(βh − δ) for
 * desirable completions, −ln σ(−(βh − δ)) for the others, δ the mean reward βh of all completions
 * seen so far in training, those of this step included.
 *
 * <p>Differences from the paper: the mean is over all completions seen, as in TRL, not half of the
 * sum of the two kinds' means. Without the paper's density-ratio weights for data whose two kinds
 * have different prompts. δ is moved once an optimizer step; TRL moves it each micro-batch.
 *
 * @param beta β
 */
public record BcoLoss(double beta) implements UnpairedLoss {
  /** Checks the range. */
  public BcoLoss {
    Checks.positive("BcoLoss", "beta", beta);
  }

  @Override
  public LossOutput compute(UnpairedScores in) {
    Tensor delta =
        in.meanReward()
            .orElseThrow(() -> new IllegalArgumentException("BcoLoss needs the mean reward"));
    Tensor shifted = in.logRatios().mul(beta).sub(delta);
    return LossOutput.of(shifted.mul(in.signs()).logSigmoid().neg(), LossOutput.Per.EXAMPLE);
  }

  @Override
  public boolean needsMeanReward() {
    return true;
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
