package dev.temper.tensor;

import java.util.Collections;
import java.util.List;

/** Fused, in-place operations of optimizers over many tensors at once. */
public final class Optim {
  private Optim() {}

  /** One AdamW update, in place, of parameters and both moments; {@code step} counts from 1. */
  public static void adamW(
      List<Tensor> parameters,
      List<Tensor> gradients,
      List<Tensor> first,
      List<Tensor> second,
      long step,
      double learningRate,
      double beta1,
      double beta2,
      double weightDecay,
      double epsilon) {
    Autograd.off(
        () ->
            // The fused operation does not count as a write (see DecodeKernels.versions), so the
            // kernel writes nothing to an empty slice of each parameter, which does.
            Kernels.builtin()
                .callLists(
                    "adamw",
                    List.of(
                        parameters,
                        gradients,
                        first,
                        second,
                        Collections.nCopies(parameters.size(), Tensors.scalar((double) step))),
                    scalar(learningRate),
                    scalar(beta1),
                    scalar(beta2),
                    scalar(weightDecay),
                    scalar(epsilon)));
  }

  /** One step of gradient descent, in place: p ← p - lr · (g + λ·p). */
  public static void sgd(
      List<Tensor> parameters, List<Tensor> gradients, double learningRate, double weightDecay) {
    Autograd.off(
        () ->
            Kernels.builtin()
                .callLists(
                    "sgd",
                    List.of(parameters, gradients),
                    scalar(learningRate),
                    scalar(weightDecay)));
  }

  /**
   * One step of gradient descent with momentum, in place: g ← g + λ·p; m ← μ·m + g; p ← p - lr · m,
   * or p - lr · (g + μ·m) after Nesterov.
   */
  public static void sgd(
      List<Tensor> parameters,
      List<Tensor> gradients,
      List<Tensor> momenta,
      double learningRate,
      double momentum,
      double weightDecay,
      boolean nesterov) {
    Autograd.off(
        () ->
            Kernels.builtin()
                .callLists(
                    "sgd_momentum",
                    List.of(parameters, gradients, momenta),
                    scalar(learningRate),
                    scalar(momentum),
                    scalar(weightDecay),
                    scalar(nesterov ? 1 : 0)));
  }

  /** One Lion update, in place, of parameters and momentum. */
  public static void lion(
      List<Tensor> parameters,
      List<Tensor> gradients,
      List<Tensor> momenta,
      double learningRate,
      double beta1,
      double beta2,
      double weightDecay) {
    Autograd.off(
        () ->
            Kernels.builtin()
                .callLists(
                    "lion",
                    List.of(parameters, gradients, momenta),
                    scalar(learningRate),
                    scalar(beta1),
                    scalar(beta2),
                    scalar(weightDecay)));
  }

  /**
   * What an Adafactor update is made with.
   *
   * @param learningRate multiplies the update
   * @param clip largest root mean square of an update before the learning rate
   * @param beta1 decay of the first moment; negative: there is none
   * @param weightDecay decoupled, times the learning rate
   * @param scaleFloor smallest root mean square of a parameter by which its learning rate is
   *     scaled; 0: it is not scaled
   * @param beta2 decay of the second moment in this step
   * @param epsilon added to squared gradients
   */
  public record AdafactorStep(
      double learningRate,
      double clip,
      double beta1,
      double weightDecay,
      double scaleFloor,
      double beta2,
      double epsilon) {
    private Tensor packed() {
      return Tensors.of(new double[] {learningRate, clip, beta1, weightDecay, scaleFloor});
    }
  }

  /**
   * One Adafactor update, in place, of matrices whose second moment is kept as row and column
   * means.
   *
   * @param first first moments, or any list of that length if there are none
   */
  public static void adafactorFactored(
      List<Tensor> parameters,
      List<Tensor> gradients,
      List<Tensor> rows,
      List<Tensor> columns,
      List<Tensor> first,
      AdafactorStep step) {
    adafactor("adafactor_factored", List.of(parameters, gradients, rows, columns, first), step);
  }

  /**
   * One Adafactor update, in place, of vectors, whose second moment is kept whole.
   *
   * @param first first moments, or any list of that length if there are none
   */
  public static void adafactorWhole(
      List<Tensor> parameters,
      List<Tensor> gradients,
      List<Tensor> squares,
      List<Tensor> first,
      AdafactorStep step) {
    adafactor("adafactor_whole", List.of(parameters, gradients, squares, first), step);
  }

  private static void adafactor(String kernel, List<List<Tensor>> lists, AdafactorStep step) {
    Autograd.off(
        () ->
            Kernels.builtin()
                .callLists(
                    kernel, lists, scalar(step.beta2()), scalar(step.epsilon()), step.packed()));
  }

  /** Euclidean norm of all tensors together. */
  public static double norm(List<Tensor> tensors) {
    return tensors.isEmpty()
        ? 0
        : Autograd.off(
            () -> Kernels.builtin().callLists("grad_norm", List.of(tensors)).get(0).item());
  }

  /** Multiplies every tensor by {@code factor}, in place. */
  public static void scale(List<Tensor> tensors, double factor) {
    Autograd.off(() -> Kernels.builtin().callLists("scale_all", List.of(tensors), scalar(factor)));
  }

  private static Tensor scalar(double value) {
    return Tensors.of(new double[] {value}).squeeze(0);
  }
}
