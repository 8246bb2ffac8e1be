package dev.temper.alignment.loss;

import dev.temper.tensor.Tensor;

/**
 * The f-divergence that keeps the policy near its reference (f-DPO, Wang et al. 2023,
 * arXiv:2309.16240, Table 1): it decides the score a log-ratio gets. Every score is 0 at h = 0, as
 * in TRL 1.16; the constants cancel in the logistic loss but not in length-normalised ones.
 */
public sealed interface Divergence {
  /** The score of log-ratios h [P]. */
  Tensor score(Tensor logRatio);

  /** KL(π‖π_ref): s = h, which is DPO's. */
  record ReverseKl() implements Divergence {
    @Override
    public Tensor score(Tensor logRatio) {
      return logRatio;
    }
  }

  /** KL(π_ref‖π): s = 1 − e^(−h). */
  record ForwardKl() implements Divergence {
    @Override
    public Tensor score(Tensor logRatio) {
      return logRatio.neg().exp().neg().add(1);
    }
  }

  /** Jensen–Shannon: s = ln 2 + ln σ(h). */
  record JensenShannon() implements Divergence {
    @Override
    public Tensor score(Tensor logRatio) {
      return logRatio.logSigmoid().add(Math.log(2));
    }
  }

  /**
   * Alpha divergence: s = (e^((α−1)h) − 1)/(α−1), the exponent capped at 80; α = 1 is reverse KL.
   *
   * @param alpha α
   */
  record Alpha(double alpha) implements Divergence {
    private static final double CAP = 80;

    /** Checks that α is finite. */
    public Alpha {
      if (!Double.isFinite(alpha)) {
        throw new IllegalArgumentException("Divergence.Alpha: alpha must be finite; got " + alpha);
      }
    }

    @Override
    public Tensor score(Tensor logRatio) {
      double power = alpha - 1;
      if (Math.abs(power) < 1e-6) {
        return logRatio;
      }
      return logRatio.mul(power).minimum(CAP).expm1().div(power);
    }
  }

  /** KL(π‖π_ref). */
  static Divergence reverseKl() {
    return new ReverseKl();
  }
}
