package dev.temper.alignment.loss;

import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Tensor;
import dev.temper.train.LossOutput;

/**
 * Identity Preference Optimization (Azar et al. 2023, arXiv:2310.12036, eq. 17): (Δ − 1/(2β))².
 *
 * <p>Differences from the paper: with {@link Normalization#TOKENS} each score is divided by the
 * length of its completion, which TRL and LLaMA-Factory do; {@link Normalization#SUM} is the
 * printed equation (and OpenRLHF's). The two give very different numbers.
 *
 * @param beta β, called τ in the paper
 * @param normalization whether scores are sums or per token
 * @param divergence what keeps the policy near its reference
 */
public record IpoLoss(double beta, Normalization normalization, Divergence divergence)
    implements PreferenceLoss {
  /** Checks the ranges. */
  public IpoLoss {
    Checks.positive("IpoLoss", "beta", beta);
  }

  /** Whether a completion's score is its sum or its mean. */
  public enum Normalization {
    /** Sums, as printed in the paper. */
    SUM,
    /** Divided by the completion's length, as in TRL. */
    TOKENS
  }

  /** As in TRL: per token, reverse KL. */
  public IpoLoss(double beta) {
    this(beta, Normalization.TOKENS, Divergence.reverseKl());
  }

  @Override
  public LossOutput compute(PairScores in) {
    Tensor chosen = divergence.score(in.chosenLogRatio());
    Tensor rejected = divergence.score(in.rejectedLogRatio());
    if (normalization == Normalization.TOKENS) {
      chosen = chosen.div(in.chosen().lengthTensor());
      rejected = rejected.div(in.rejected().lengthTensor());
    }
    return PreferenceLoss.perPair(Links.squared(chosen.sub(rejected), beta));
  }

  @Override
  public Tensor reward(SequenceScores policy, SequenceScores reference) {
    return policy.sums().sub(reference.sums()).mul(beta);
  }
}
