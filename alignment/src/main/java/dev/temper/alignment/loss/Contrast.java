package dev.temper.alignment.loss;

import dev.temper.alignment.TokenStatistic;
import dev.temper.tensor.DType;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;

/** ln(1 + e^(s − s*)): the token's score s against s*, the best score of any other token. */
record Contrast() implements TokenStatistic {
  private static final double NEVER = -1e30;

  @Override
  public Tensor compute(Distributions rows) {
    Tensor targets = rows.targets().cast(DType.I64).unsqueeze(1);
    Tensor own = rows.scores().gather(1, targets).squeeze(1);
    Tensor isTarget = Tensors.arange(rows.scores().dim(1)).unsqueeze(0).eq(targets);
    Tensor best = rows.scores().maskedFill(isTarget, NEVER).max(1, false);
    return own.sub(best).softplus();
  }
}
