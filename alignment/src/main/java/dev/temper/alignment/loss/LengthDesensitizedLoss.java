package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.alignment.TokenStatistic;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;
import java.util.List;
import java.util.Optional;

/**
 * LD-DPO (Liu et al. 2024, arXiv:2409.06411, eq. 10): any loss on scores in which the tokens that a
 * completion has more than the other one of its pair count only α times.
 *
 * <p>Differences from the paper: none; policy and reference are treated alike, as in TRL's {@code
 * ld_alpha}. Losses that divide by lengths divide by the whole ones.
 *
 * @param loss the loss on the discounted scores
 * @param alpha α from 0 (the tail does not count) to 1 (it counts in full)
 */
public record LengthDesensitizedLoss(PreferenceLoss loss, double alpha) implements PreferenceLoss {
  /** Checks the range. */
  public LengthDesensitizedLoss {
    if (!(alpha >= 0) || alpha > 1) {
      throw new IllegalArgumentException(
          "LengthDesensitizedLoss: alpha must be from 0 to 1; got " + alpha);
    }
  }

  @Override
  public LossOutput compute(PairScores in) {
    float[] shorter = new float[in.count()];
    for (int i = 0; i < shorter.length; i++) {
      shorter[i] = Math.min(in.chosen().lengths()[i], in.rejected().lengths()[i]);
    }
    return loss.compute(
        new PairScores(
            in.chosen().discounted(shorter, alpha),
            in.rejected().discounted(shorter, alpha),
            discounted(in.referenceChosen(), shorter),
            discounted(in.referenceRejected(), shorter),
            in.labels()));
  }

  private Optional<SequenceScores> discounted(Optional<SequenceScores> scores, float[] limits) {
    return scores.map(s -> s.discounted(limits, alpha));
  }

  @Override
  public boolean needsReference() {
    return loss.needsReference();
  }

  @Override
  public boolean couplesPairs() {
    return loss.couplesPairs();
  }

  @Override
  public List<TokenStatistic> statistics() {
    return loss.statistics();
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return loss.reward(policy, reference);
  }
}
