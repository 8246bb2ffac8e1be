package dev.temper.alignment;

import dev.temper.UserException;
import dev.temper.tensor.Tensor;
import java.util.Optional;

/**
 * What a loss over single completions looks at: each is desirable or not, or has a score.
 *
 * @param policy the policy's view of S completions
 * @param reference the reference's view, a constant
 * @param desirable whether each completion is a good one [S]
 * @param rewards a score of each completion, NaN where the data has none [S]
 * @param divergence the estimate of KL(π‖π_ref), not below 0, a constant [ ]; present for losses
 *     that ask for it
 * @param meanReward the mean reward of all completions seen in training, those of this step
 *     included, a constant [ ]; present for losses that ask for it
 */
public record UnpairedScores(
    SequenceScores policy,
    Optional<SequenceScores> reference,
    boolean[] desirable,
    double[] rewards,
    Optional<Tensor> divergence,
    Optional<Tensor> meanReward) {
  /** Checks the sizes. */
  public UnpairedScores {
    if (desirable.length != policy.count() || rewards.length != policy.count()) {
      throw new IllegalArgumentException(
          "UnpairedScores: "
              + policy.count()
              + " completions, "
              + desirable.length
              + " labels, "
              + rewards.length
              + " rewards");
    }
  }

  /** For losses that do not ask for the mean reward. */
  public UnpairedScores(
      SequenceScores policy,
      Optional<SequenceScores> reference,
      boolean[] desirable,
      double[] rewards,
      Optional<Tensor> divergence) {
    this(policy, reference, desirable, rewards, divergence, Optional.empty());
  }

  /** Completions. */
  public int count() {
    return policy.count();
  }

  /** h = ln π − ln π_ref [S]. */
  public Tensor logRatios() {
    SequenceScores against =
        reference.orElseThrow(
            () ->
                new UserException(
                    "this loss compares with a reference model and there is none: give the trainer"
                        + " a reference"));
    return policy.sums().sub(against.sums());
  }

  /** 1 for desirable completions, −1 for the others [S]. */
  public Tensor signs() {
    return choose(1, -1);
  }

  /** One number for desirable completions, another for the rest [S]. */
  public Tensor choose(double good, double bad) {
    double[] values = new double[desirable.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = desirable[i] ? good : bad;
    }
    return policy.constant(values);
  }
}
