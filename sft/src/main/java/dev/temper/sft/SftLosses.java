package dev.temper.sft;

import dev.temper.train.Loss;
import dev.temper.train.LossOutput;
import dev.temper.train.TokenScores;

/** Losses of supervised fine-tuning. */
public final class SftLosses {
  private SftLosses() {}

  /** Negative log-likelihood, averaged over the trained tokens of the whole step. */
  public static Loss<TokenScores> nll() {
    return in -> LossOutput.weighted(in.logProbs().neg(), in.weights(), LossOutput.Per.TOKEN);
  }

  /**
   * Dynamic fine-tuning (Wu et al. 2025): -sg(p) ln p, which takes the implicit 1/p weight out of
   * the gradient of the likelihood.
   *
   * <p>Differences from the paper: none.
   */
  public static Loss<TokenScores> dft() {
    return in ->
        LossOutput.weighted(
            in.logProbs().detach().exp().mul(in.logProbs()).neg(),
            in.weights(),
            LossOutput.Per.TOKEN);
  }
}
