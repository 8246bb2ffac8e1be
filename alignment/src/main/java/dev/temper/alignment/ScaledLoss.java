package dev.temper.alignment;

import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;
import java.util.List;

/** A loss times a number. */
record ScaledLoss(double factor, PreferenceLoss loss) implements PreferenceLoss {
  ScaledLoss {
    if (!Double.isFinite(factor)) {
      throw new IllegalArgumentException("factor of a loss must be finite; got " + factor);
    }
  }

  @Override
  public LossOutput compute(PairScores in) {
    return loss.compute(in).scaled(factor);
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
