package dev.temper.tensor;

import ai.djl.ndarray.NDScope;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reverse-mode differentiation.
 *
 * <p>Recording is off unless {@link #record} turns it on for a block of code; the mode is a
 * property of the code that runs, not of the thread it happens to run on. {@link #stage} cuts a
 * graph at a tensor and says how its gradient continues: chunked heads, recomputation of blocks,
 * losses that couple a whole step and updates during the backward pass are all written with it.
 */
public final class Autograd {
  private static final ThreadLocal<Boolean> RECORDING = ThreadLocal.withInitial(() -> false);
  private static final ThreadLocal<List<Stage>> TAPE = ThreadLocal.withInitial(ArrayList::new);

  /**
   * A cut in the graph: when {@code leaf} has received its gradient, {@code continueWith} carries
   * it on.
   */
  private record Stage(PtNDArray leaf, List<Tensor> kept, Consumer<Tensor> continueWith) {
    void close() {
      leaf.close();
      kept.forEach(Tensor::release);
    }
  }

  private Autograd() {}

  /** Runs {@code body} with operations recorded, so that {@link #backward} can follow. */
  public static <T extends @Nullable Object> T record(Supplier<T> body) {
    return withMode(true, body);
  }

  /**
   * Runs {@code body} without recording operations: faster, and no graph keeps intermediates alive.
   */
  public static <T extends @Nullable Object> T off(Supplier<T> body) {
    return withMode(false, body);
  }

  /** Whether operations on this thread are recorded now. */
  public static boolean isRecording() {
    return RECORDING.get();
  }

  private static <T extends @Nullable Object> T withMode(boolean recording, Supplier<T> body) {
    Engine.get();
    boolean before = RECORDING.get();
    RECORDING.set(recording);
    applyMode();
    try {
      return body.get();
    } finally {
      RECORDING.set(before);
      applyMode();
    }
  }

  /**
   * The native mode belongs to the OS thread and is on by default on most of them: it is set, never
   * inherited.
   */
  static void applyMode() {
    JniUtils.setGradMode(RECORDING.get());
  }

  /**
   * Cuts the graph at {@code output}: the result has the same values but is a leaf. {@link
   * #backward} later calls {@code continueWith} with the gradient that arrived at it (shape of
   * {@code output}), last stage first; the continuation typically calls {@link #backward(List,
   * List)} on a graph it holds or recomputes.
   *
   * <p>A backward pass runs every stage made since the last one; a stage it does not reach is
   * dropped with its tensors. Two losses with stages are therefore computed and propagated one
   * after the other, or together by {@link #backward(List, List)}.
   *
   * @param keep tensors the continuation needs; they stay alive until it has run, whatever scope
   *     they were born in
   */
  public static Tensor stage(Tensor output, List<Tensor> keep, Consumer<Tensor> continueWith) {
    if (!isRecording()) {
      return output.detach();
    }
    PtNDArray leaf = (PtNDArray) output.array().stopGradient();
    leaf.setRequiresGradient(true);
    // The result belongs to its scope like any other tensor, and may be read after the backward
    // pass; the stage has a handle of its own.
    PtNDArray handle = Kernels.handle(leaf);
    NDScope.unregister(handle);
    keep.forEach(Tensor::keep);
    TAPE.get().add(new Stage(handle, List.copyOf(keep), continueWith));
    return new Tensor(leaf);
  }

  /**
   * Computes gradients of a scalar: the native graph first, then the stages, last first. Gradients
   * accumulate in {@link Parameter}s.
   *
   * @throws TensorException if {@code loss} is not a scalar or nothing it depends on is trainable
   */
  public static void backward(Tensor loss) {
    if (loss.shape().size() != 1) {
      throw new TensorException(
          "backward: the loss has shape "
              + loss.shape()
              + "; reduce it to a scalar first (sum or mean)");
    }
    backward(List.of(loss), List.of(Tensors.onesLike(loss)));
  }

  /**
   * Propagates {@code gradients[i]}, of the shape of {@code outputs[i]}, from every output into the
   * graphs behind them, then runs the stages, last first.
   */
  public static void backward(List<Tensor> outputs, List<Tensor> gradients) {
    List<Stage> tape = TAPE.get();
    TAPE.set(new ArrayList<>());
    try {
      backwardNative(outputs, gradients);
      while (!tape.isEmpty()) {
        Stage stage = tape.remove(tape.size() - 1);
        try {
          Scope.run("stage", () -> runStage(stage));
        } finally {
          stage.close();
        }
      }
    } finally {
      tape.forEach(Stage::close);
      discardTape();
    }
  }

  private static void runStage(Stage stage) {
    PtNDArray gradient = JniUtils.getGradient(stage.leaf);
    if (gradient != null) {
      stage.continueWith.accept(new Tensor(gradient));
    }
  }

  private static void backwardNative(List<Tensor> outputs, List<Tensor> gradients) {
    if (outputs.size() != gradients.size()) {
      throw new TensorException(
          "backward: "
              + outputs.size()
              + " outputs and "
              + gradients.size()
              + " gradients; one gradient belongs to each output");
    }
    for (int i = 0; i < outputs.size(); i++) {
      requireGradient(outputs.get(i), gradients.get(i));
    }
    if (outputs.size() == 1) {
      JniUtils.backward(outputs.get(0).array(), gradients.get(0).array(), false, false);
    } else if (!outputs.isEmpty()) {
      // One pass for all: outputs may share a graph, which a pass of its own for each would free
      // under the next.
      Kernels.builtin().callLists("backward", List.of(outputs, gradients));
    }
  }

  private static void requireGradient(Tensor output, Tensor gradient) {
    if (!output.requiresGradient()) {
      throw new TensorException(
          "backward: the output does not depend on any trainable parameter (recorded with Autograd.record? parameters frozen?)");
    }
    if (!output.shape().equals(gradient.shape())) {
      throw new TensorException(
          "backward: output "
              + output.shape()
              + " needs a gradient of the same shape, not "
              + gradient.shape());
    }
  }

  /** Forgets stages whose backward pass never came, for example after an exception. */
  static void discardTape() {
    List<Stage> tape = TAPE.get();
    tape.forEach(Stage::close);
    tape.clear();
  }
}
