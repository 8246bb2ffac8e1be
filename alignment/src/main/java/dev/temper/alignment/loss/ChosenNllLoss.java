package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Negative log-likelihood of the chosen completions, to be added to another loss: RPO and iterative
 * RPO (Pang et al. 2024, arXiv:2404.19733, eq. 1) per completion, TRL's {@code sft} term per token.
 *
 * @param average over the tokens of each completion first, or over all tokens of the step
 */
public record ChosenNllLoss(Average average) implements PreferenceLoss {
  /** What is averaged over. */
  public enum Average {
    /** Each completion's mean, then the pairs. */
    COMPLETION,
    /** All chosen tokens of the step. */
    TOKEN
  }

  @Override
  public LossOutput compute(PairScores in) {
    return switch (average) {
      case COMPLETION -> PreferenceLoss.perPair(in.chosen().means().neg());
      case TOKEN -> LossOutput.of(in.chosen().tokens().neg(), LossOutput.Per.TOKEN);
    };
  }

  @Override
  public boolean needsReference() {
    return false;
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums();
  }
}
