package dev.temper.alignment;

import dev.temper.tensor.Tensor;
import dev.temper.train.Loss;
import dev.temper.train.LossOutput;
import java.util.List;
import java.util.stream.Stream;

/** One loss plus a multiple of another. */
record SumLoss(PreferenceLoss first, double weight, PreferenceLoss second)
    implements PreferenceLoss {
  SumLoss {
    if (!Double.isFinite(weight)) {
      throw new IllegalArgumentException("weight of a loss must be finite; got " + weight);
    }
  }

  @Override
  public LossOutput compute(PairScores in) {
    Loss<PairScores> a = first;
    return a.plus(weight, second).compute(in);
  }

  @Override
  public boolean needsReference() {
    return first.needsReference() || second.needsReference();
  }

  @Override
  public boolean couplesPairs() {
    return first.couplesPairs() || second.couplesPairs();
  }

  @Override
  public List<TokenStatistic> statistics() {
    return Stream.concat(first.statistics().stream(), second.statistics().stream()).toList();
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return first.reward(policy, reference);
  }
}
