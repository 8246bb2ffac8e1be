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
                        Collections.nCopies(parameters.size(), Tensors.scalar(step))),
                    scalar(learningRate),
                    scalar(beta1),
                    scalar(beta2),
                    scalar(weightDecay),
                    scalar(epsilon)));
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
