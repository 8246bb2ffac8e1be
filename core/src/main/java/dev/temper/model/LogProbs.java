package dev.temper.model;

import dev.temper.tensor.Autograd;
import dev.temper.tensor.Kernels;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;

/**
 * Log-probabilities of chosen tokens, without ever holding the scores of the whole batch.
 *
 * <p>The head runs over chunks of rows. The result is a staged leaf: when a loss has sent its
 * gradient back to it, each chunk is recomputed and carries its slice on to the hidden states and
 * the head's weight, exactly. If the head is frozen no recomputation is needed: the gradient of a
 * row's log-probability with respect to its hidden state, W[y] - Σ p W, is computed on the way
 * forward and only has to be scaled.
 */
public final class LogProbs {
  /** Rows of scores that exist at one time. */
  public static final int CHUNK = 256;

  private LogProbs() {}

  /**
   * ln p(targets[i] | hidden[i]) for each row.
   *
   * @param hidden [R, D], one row for each prediction
   * @param targets R token ids
   * @return [R]
   */
  public static Tensor of(Head head, Tensor hidden, int[] targets) {
    if (hidden.dim(0) != targets.length) {
      throw new IllegalArgumentException(
          targets.length + " targets for hidden states " + hidden.shape());
    }
    boolean record =
        Autograd.isRecording() && (hidden.requiresGradient() || head.weight().isTrainable());
    if (!record) {
      return Autograd.off(() -> forward(head, hidden, targets));
    }
    Tensor rows = hidden.detach();
    if (head.weight().isTrainable()) {
      Tensor values = Autograd.off(() -> forward(head, rows, targets));
      return Autograd.stage(
          values, List.of(hidden), gradient -> backward(head, hidden, targets, gradient));
    }
    List<Tensor> both = Autograd.off(() -> forwardWithUnitGradient(head, rows, targets));
    return Autograd.stage(
        both.get(0),
        List.of(hidden, both.get(1)),
        gradient ->
            Autograd.backward(List.of(hidden), List.of(both.get(1).mul(gradient.unsqueeze(1)))));
  }

  private static Tensor forward(Head head, Tensor hidden, int[] targets) {
    List<Tensor> parts = new ArrayList<>();
    for (Chunk c : chunks(targets)) {
      parts.add(
          Scope.run(
              "head",
              () ->
                  Kernels.head(
                          "head_log_probs",
                          c.rows(hidden),
                          head.weight().value(),
                          c.targets(),
                          head.shaping())
                      .get(0)));
    }
    return Tensors.cat(parts, 0);
  }

  private static List<Tensor> forwardWithUnitGradient(Head head, Tensor hidden, int[] targets) {
    List<Tensor> values = new ArrayList<>();
    List<Tensor> gradients = new ArrayList<>();
    for (Chunk c : chunks(targets)) {
      List<Tensor> r =
          Scope.run(
              "head",
              () ->
                  Kernels.head(
                      "head_log_probs_unit_gradient",
                      c.rows(hidden),
                      head.weight().value(),
                      c.targets(),
                      head.shaping()));
      values.add(r.get(0));
      gradients.add(r.get(1));
    }
    return List.of(Tensors.cat(values, 0), Tensors.cat(gradients, 0));
  }

  private static void backward(Head head, Tensor hidden, int[] targets, Tensor gradient) {
    List<Tensor> parts = new ArrayList<>();
    Tensor rows = hidden.detach();
    for (Chunk c : chunks(targets)) {
      parts.add(
          Scope.run(
              "head backward",
              () -> {
                List<Tensor> r =
                    Autograd.off(
                        () ->
                            Kernels.head(
                                "head_backward",
                                c.rows(rows),
                                head.weight().value(),
                                c.targets(),
                                gradient.slice(0, c.from(), c.to()),
                                head.shaping()));
                head.weight().addGradient(r.get(1));
                return r.get(0);
              }));
    }
    if (hidden.requiresGradient()) {
      Autograd.backward(List.of(hidden), List.of(Tensors.cat(parts, 0)));
    }
  }

  private record Chunk(int from, int to, int[] all) {
    Tensor rows(Tensor hidden) {
      return hidden.slice(0, from, to);
    }

    Tensor targets() {
      return Tensors.ofInts(java.util.Arrays.copyOfRange(all, from, to));
    }
  }

  private static List<Chunk> chunks(int[] targets) {
    List<Chunk> out = new ArrayList<>();
    for (int from = 0; from < targets.length; from += CHUNK) {
      out.add(new Chunk(from, Math.min(targets.length, from + CHUNK), targets));
    }
    return out;
  }
}
