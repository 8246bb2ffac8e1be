package dev.temper.tensor;

import java.util.ArrayList;
import java.util.List;

/**
 * The chunked head of the tests: log-probabilities are a stage, each chunk's logits are recomputed
 * with its slice of the gradient.
 */
final class StagedHead {
  private StagedHead() {}

  /**
   * ln p(y) per row, without all rows' logits at once.
   *
   * @param hidden [N, D]
   * @param weight [V, D]
   * @param targets [N], I64
   * @param chunk rows at a time
   */
  static Tensor logProbs(Tensor hidden, Tensor weight, Tensor targets, int chunk) {
    return logProbs(hidden, weight, targets, chunk, 1, 0);
  }

  /** The same with scaled and soft-capped scores. */
  static Tensor logProbs(
      Tensor hidden, Tensor weight, Tensor targets, int chunk, double scale, double cap) {
    double[] shaping = {scale, cap};
    Kernels kernels = Kernels.builtin();
    long n = hidden.dim(0);
    Tensor out =
        Autograd.off(
            () -> {
              List<Tensor> parts = new ArrayList<>();
              for (long i = 0; i < n; i += chunk) {
                long end = Math.min(n, i + chunk);
                parts.add(
                    kernels.call(
                        "head_log_probs",
                        hidden.slice(0, i, end),
                        weight,
                        targets.slice(0, i, end),
                        Tensors.of(shaping)));
              }
              return Tensors.cat(parts, 0);
            });
    return Autograd.stage(
        out,
        List.of(hidden, weight, targets),
        gradient -> {
          List<Tensor> toHidden = new ArrayList<>();
          Tensor toWeight = Tensors.zerosLike(weight.detach());
          for (long i = 0; i < n; i += chunk) {
            long end = Math.min(n, i + chunk);
            long from = i;
            List<Tensor> both =
                Autograd.off(
                    () ->
                        kernels.callAll(
                            "head_backward",
                            hidden.slice(0, from, end),
                            weight,
                            targets.slice(0, from, end),
                            gradient.slice(0, from, end),
                            Tensors.of(shaping)));
            toHidden.add(both.get(0));
            toWeight = toWeight.add(both.get(1));
          }
          Autograd.backward(List.of(hidden, weight), List.of(Tensors.cat(toHidden, 0), toWeight));
        });
  }
}
