package dev.temper.model;

import dev.temper.tensor.Autograd;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;

/**
 * A function of each row's scores over the whole vocabulary, without ever holding the scores of the
 * whole batch: {@link LogProbs} for functions of one's own.
 *
 * <p>The head runs over chunks of {@link LogProbs#CHUNK} rows. The result is a staged leaf: when a
 * gradient has come back to it, the scores of each chunk are computed again and carry it on to the
 * hidden states and the head's weight, exactly.
 */
public final class HeadMap {
  private HeadMap() {}

  /** A function of some rows' scores. */
  @FunctionalInterface
  public interface RowFunction {
    /**
     * The value of each row. Called twice for the same rows if gradients are wanted, with the same
     * result.
     *
     * @param scores of rows {@code from} to {@code to} (exclusive) [to − from, V]
     * @return [to − from]
     */
    Tensor apply(Tensor scores, int from, int to);
  }

  /**
   * The function of every row; gradients flow through it to the hidden states and the head.
   *
   * @param hidden final hidden states [R, D]
   * @param keep tensors the function uses besides; they stay alive until it is called again
   * @return [R]
   */
  public static Tensor of(Head head, Tensor hidden, List<Tensor> keep, RowFunction function) {
    Tensor rows = hidden.detach();
    Tensor values = constant(head, rows, function);
    if (!Autograd.isRecording() || !(hidden.requiresGradient() || head.weight().isTrainable())) {
      return values;
    }
    List<Tensor> kept = new ArrayList<>(keep);
    kept.add(hidden);
    return Autograd.stage(values, kept, gradient -> backward(head, hidden, function, gradient));
  }

  /** The function of every row, a constant. */
  public static Tensor constant(Head head, Tensor hidden, RowFunction function) {
    List<Tensor> parts = new ArrayList<>();
    int n = Math.toIntExact(hidden.dim(0));
    for (int from = 0; from < n; from += LogProbs.CHUNK) {
      int start = from;
      int end = Math.min(n, from + LogProbs.CHUNK);
      parts.add(
          Scope.run(
              "head map",
              () ->
                  Autograd.off(
                      () -> function.apply(head.logits(hidden.slice(0, start, end)), start, end))));
    }
    return Tensors.cat(parts, 0);
  }

  private static void backward(Head head, Tensor hidden, RowFunction function, Tensor gradient) {
    Tensor rows = hidden.detach();
    List<Tensor> parts = new ArrayList<>();
    int n = Math.toIntExact(hidden.dim(0));
    for (int from = 0; from < n; from += LogProbs.CHUNK) {
      int start = from;
      int end = Math.min(n, from + LogProbs.CHUNK);
      parts.add(
          Scope.run(
              "head map backward",
              () -> chunkGradient(head, rows, function, gradient, start, end)));
    }
    if (hidden.requiresGradient()) {
      Autograd.backward(List.of(hidden), List.of(Tensors.cat(parts, 0)));
    }
  }

  private static Tensor chunkGradient(
      Head head, Tensor rows, RowFunction function, Tensor gradient, int start, int end) {
    try (Parameter leaf = Parameter.of("rows of the head", rows.slice(0, start, end))) {
      leaf.setTrainable(true);
      Autograd.record(
          () -> {
            Tensor values = function.apply(head.logits(leaf.value()), start, end);
            Autograd.backward(List.of(values), List.of(gradient.slice(0, start, end)));
            return values;
          });
      return leaf.gradient().orElseGet(() -> Tensors.zerosLike(leaf.value())).copy();
    }
  }
}
