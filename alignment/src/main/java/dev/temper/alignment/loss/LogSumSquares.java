package dev.temper.alignment.loss;

import dev.temper.alignment.TokenStatistic;
import dev.temper.tensor.Tensor;

/** ln Σ_v p_v²: the log of the probability that two draws agree. A constant. */
record LogSumSquares() implements TokenStatistic {
  @Override
  public Tensor compute(Distributions rows) {
    return rows.logProbs().mul(2).logSumExp(1, false).detach();
  }

  @Override
  public boolean isDifferentiable() {
    return false;
  }
}
