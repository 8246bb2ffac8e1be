package dev.temper.alignment.loss;

import dev.temper.tensor.Tensor;

/** From a margin to a loss. */
final class Links {
  private Links() {}

  /** −(1−ε) ln σ(m) − ε ln σ(−m): logistic loss of labels that are wrong with probability ε. */
  static Tensor logistic(Tensor margin, double epsilon) {
    Tensor right = margin.logSigmoid().neg();
    if (epsilon == 0) {
      return right;
    }
    return right.mul(1 - epsilon).sub(margin.neg().logSigmoid().mul(epsilon));
  }

  /** max(0, 1 − m). */
  static Tensor hinge(Tensor margin) {
    return margin.neg().add(1).relu();
  }

  /** (m − 1/(2β))²: the margin is driven to a target. */
  static Tensor squared(Tensor margin, double beta) {
    return margin.sub(1 / (2 * beta)).square();
  }
}
