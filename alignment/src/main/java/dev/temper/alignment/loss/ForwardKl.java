package dev.temper.alignment.loss;

import dev.temper.alignment.TokenStatistic;
import dev.temper.tensor.Tensor;

/** KL(π_ref ‖ π) of each token's distribution. */
record ForwardKl() implements TokenStatistic {
  @Override
  public Tensor compute(Distributions rows) {
    Tensor reference = rows.referenceScores().orElseThrow().logSoftmax(1);
    return reference.exp().mul(reference.sub(rows.logProbs())).sum(1);
  }

  @Override
  public boolean needsReference() {
    return true;
  }
}
