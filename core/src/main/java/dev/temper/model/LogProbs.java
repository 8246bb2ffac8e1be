package dev.temper.model;

import dev.temper.tensor.Autograd;
import dev.temper.tensor.DType;
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
   * What the head says about chosen tokens, one value a row.
   *
   * @param logProbs ln p of the chosen token, nats [R]; gradients flow through it
   * @param entropy -Σ p ln p of the row's distribution, nats [R]; a statistic without gradient
   * @param correct 1 where the chosen token is the most probable one, else 0 [R]; without gradient
   */
  public record Scored(Tensor logProbs, Tensor entropy, Tensor correct) {}

  /**
   * ln p(targets[i] | hidden[i]) for each row.
   *
   * @param hidden [R, D], one row for each prediction
   * @param targets R token ids
   * @return [R]
   */
  public static Tensor of(Head head, Tensor hidden, int[] targets) {
    requireRows(hidden, targets);
    if (recordsGradient(head, hidden)) {
      return scored(head, hidden, targets).logProbs();
    }
    return Autograd.off(() -> chunked("head_log_probs", head, hidden, targets, 1).get(0));
  }

  /**
   * As {@link #of}, with each row's entropy and whether its target is the most probable token: the
   * scores of a chunk exist anyway, so both cost a pass over them and no matrix product.
   */
  public static Scored scored(Head head, Tensor hidden, int[] targets) {
    requireRows(hidden, targets);
    Tensor rows = hidden.detach();
    if (recordsGradient(head, hidden) && !head.weight().isTrainable()) {
      List<Tensor> r =
          Autograd.off(() -> chunked("head_scores_unit_gradient", head, rows, targets, 4));
      Tensor unit = r.get(1);
      Tensor logProbs =
          Autograd.stage(
              r.get(0),
              List.of(hidden, unit),
              gradient ->
                  Autograd.backward(List.of(hidden), List.of(unit.mul(gradient.unsqueeze(1)))));
      return new Scored(logProbs, r.get(2), r.get(3).cast(DType.F32));
    }
    List<Tensor> r = Autograd.off(() -> chunked("head_scores", head, rows, targets, 3));
    Tensor logProbs =
        recordsGradient(head, hidden)
            ? Autograd.stage(
                r.get(0), List.of(hidden), gradient -> backward(head, hidden, targets, gradient))
            : r.get(0);
    return new Scored(logProbs, r.get(1), r.get(2).cast(DType.F32));
  }

  private static void requireRows(Tensor hidden, int[] targets) {
    if (hidden.dim(0) != targets.length) {
      throw new IllegalArgumentException(
          targets.length + " targets for hidden states " + hidden.shape());
    }
  }

  private static boolean recordsGradient(Head head, Tensor hidden) {
    return Autograd.isRecording() && (hidden.requiresGradient() || head.weight().isTrainable());
  }

  /** Calls a kernel on each chunk and joins each of its {@code results}. */
  private static List<Tensor> chunked(
      String kernel, Head head, Tensor hidden, int[] targets, int results) {
    List<List<Tensor>> parts = new ArrayList<>();
    for (int i = 0; i < results; i++) {
      parts.add(new ArrayList<>());
    }
    for (Chunk c : chunks(targets)) {
      List<Tensor> r =
          Scope.run(
              "head",
              () ->
                  Kernels.head(
                      kernel, c.rows(hidden), head.weight().value(), c.targets(), head.shaping()));
      for (int i = 0; i < results; i++) {
        parts.get(i).add(r.get(i));
      }
    }
    return parts.stream().map(p -> Tensors.cat(p, 0)).toList();
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
