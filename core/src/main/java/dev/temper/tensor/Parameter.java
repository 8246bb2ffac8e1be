package dev.temper.tensor;

import ai.djl.ndarray.NDScope;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A long-lived, named tensor: a weight, an adapter's matrix, an optimizer's moment. Its owner
 * (model, adapter, optimizer) closes it.
 *
 * <p>A parameter made by {@link #mapped} aliases read-only file pages and costs no memory of its
 * own until somebody wants to write to it, at which moment it becomes a private copy.
 */
public final class Parameter implements AutoCloseable {
  private final String name;
  private Tensor value;
  private boolean trainable;
  // Keeps the pages mapped for as long as the native tensor points at them; null once the values
  // are a private copy.
  private @Nullable ByteBuffer mappedPages;

  private Parameter(String name, Tensor value, @Nullable ByteBuffer mappedPages) {
    this.name = name;
    this.value = value;
    this.mappedPages = mappedPages;
  }

  /** A parameter that takes a copy of {@code initial}; not trainable yet. */
  public static Parameter of(String name, Tensor initial) {
    PtNDArray copy = (PtNDArray) initial.array().duplicate();
    NDScope.unregister(copy);
    return new Parameter(name, Tensor.persistent(copy), null);
  }

  /** A parameter holding host data; works without an open scope. */
  public static Parameter of(String name, float[] values, long... shape) {
    Shape s = Shape.of(shape);
    Tensors.requireSize("Parameter " + name, values.length, s);
    PtNDArray copy =
        Engine.get().copyOf(java.nio.FloatBuffer.wrap(values), s, DType.F32.engineType());
    NDScope.unregister(copy);
    return new Parameter(name, Tensor.persistent(copy), null);
  }

  /** A parameter of zeros; works without an open scope. */
  public static Parameter zeros(String name, DType type, Shape shape) {
    PtNDArray made = (PtNDArray) Engine.get().arena().zeros(shape.engineShape(), type.engineType());
    NDScope.unregister(made);
    return new Parameter(name, Tensor.persistent(made), null);
  }

  /**
   * A float parameter that {@code fill} gives its values, by {@link #write} of every element: until
   * then they are whatever the memory held. If it throws, the memory is freed. Works without an
   * open scope.
   */
  public static Parameter filled(String name, Shape shape, Consumer<Parameter> fill) {
    PtNDArray made = Engine.get().arena().create(shape.engineShape(), DType.F32.engineType());
    NDScope.unregister(made);
    Parameter parameter = new Parameter(name, Tensor.persistent(made), null);
    boolean complete = false;
    try {
      fill.accept(parameter);
      complete = true;
      return parameter;
    } finally {
      if (!complete) {
        parameter.close();
      }
    }
  }

  /**
   * A frozen parameter over memory-mapped pages.
   *
   * @param pages a direct, little-endian buffer with exactly the tensor's bytes; on a GPU they are
   *     copied to it
   */
  public static Parameter mapped(String name, ByteBuffer pages, DType type, Shape shape) {
    if (pages.remaining() != shape.size() * type.bytes()) {
      throw new IllegalArgumentException(
          name
              + ": "
              + pages.remaining()
              + " bytes for "
              + type
              + " "
              + shape
              + ", which needs "
              + shape.size() * type.bytes());
    }
    ByteBuffer slice = pages.slice().order(ByteOrder.LITTLE_ENDIAN);
    PtNDArray view = Engine.get().arena().create(slice, shape.engineShape(), type.engineType());
    NDScope.unregister(view);
    return new Parameter(
        name, Tensor.persistent(view), Engine.get().device().isGpu() ? null : slice);
  }

  /** Full name, as in the model's files. */
  public String name() {
    return name;
  }

  /** Current values; a leaf of every graph it is used in. */
  public Tensor value() {
    return value;
  }

  /** Shape of the values. */
  public Shape shape() {
    return value.shape();
  }

  /** Number of elements. */
  public long size() {
    return value.shape().size();
  }

  /** Whether gradients are collected. */
  public boolean isTrainable() {
    return trainable;
  }

  /** Starts or stops collecting gradients. */
  public void setTrainable(boolean trainable) {
    if (this.trainable == trainable) {
      return;
    }
    if (trainable) {
      makePrivate();
    }
    value.array().setRequiresGradient(trainable);
    this.trainable = trainable;
  }

  /**
   * The accumulated gradient, or empty if no backward pass has reached this parameter. The tensor
   * belongs to the open scope.
   */
  public Optional<Tensor> gradient() {
    Scope.require("gradient of " + name);
    return Optional.ofNullable(JniUtils.getGradient(value.array())).map(Tensor::new);
  }

  /**
   * Adds to the gradient, as a backward pass does: for continuations that compute a gradient
   * themselves.
   */
  public void addGradient(Tensor more) {
    PtNDArray current = JniUtils.getGradient(value.array());
    if (current != null) {
      Autograd.off(() -> Kernels.builtin().call("add_into", new Tensor(current), more));
    } else {
      // The first gradient is made by the engine itself, so that it is the one later passes add to.
      Autograd.record(
          () -> {
            JniUtils.backward(Kernels.alias(value.array()), more.array(), false, false);
            return more;
          });
    }
  }

  /** Sets the gradient to zero. */
  public void zeroGradient() {
    JniUtils.zeroGrad(value.array());
  }

  /**
   * Overwrites the values, in place: tensors and graphs that refer to this parameter see the new
   * ones.
   */
  public void assign(Tensor newValues) {
    if (!newValues.shape().equals(shape())) {
      throw new TensorException(
          "assign to " + name + " " + shape() + ": the new values have shape " + newValues.shape());
    }
    makePrivate();
    Autograd.off(() -> Kernels.builtin().call("copy_into", value, newValues));
  }

  /** Overwrites the values with host data; works without an open scope. */
  public void assign(float[] newValues) {
    Scope.run("assign " + name, () -> assign(Tensors.of(newValues, shape().dims())));
  }

  /**
   * Overwrites the elements from {@code first} on, row-major, with stored ones, which the engine
   * converts; works without an open scope.
   *
   * @param stored little-endian elements of {@code type}, from the position to the limit
   * @param type any but BF16, which the engine cannot be given from outside
   * @throws IllegalArgumentException if they are no whole elements or too many
   */
  public void write(long first, ByteBuffer stored, DType type) {
    int count = stored.remaining() / type.bytes();
    if (stored.remaining() % type.bytes() != 0 || first < 0 || first > size() - count) {
      throw new IllegalArgumentException(
          name
              + " "
              + shape()
              + ": cannot take "
              + stored.remaining()
              + " bytes of "
              + type
              + " from element "
              + first
              + " on");
    }
    if (count == 0) {
      return;
    }
    makePrivate();
    ByteBuffer pages = stored.slice().order(ByteOrder.LITTLE_ENDIAN);
    try {
      Scope.run(
          "write " + name,
          () ->
              Autograd.off(
                  () -> {
                    Tensor source =
                        new Tensor(
                            Engine.get()
                                .arena()
                                .create(pages, Shape.of(count).engineShape(), type.engineType()));
                    Tensor part = value.reshape(-1).slice(0, first, first + count);
                    Kernels.builtin().call("copy_into", part, source);
                    return count;
                  }));
    } finally {
      Reference.reachabilityFence(pages);
    }
  }

  /**
   * Copies bytes of the values, row-major and little-endian, from byte {@code offset} on, until
   * {@code into} is full; works without an open scope.
   *
   * @throws IllegalArgumentException if the values have not so many bytes
   */
  public void read(long offset, ByteBuffer into) {
    long unit = value.dtype().bytes();
    int count = into.remaining();
    if (offset < 0 || offset > size() * unit - count) {
      throw new IllegalArgumentException(
          name
              + " "
              + shape()
              + ": has no "
              + count
              + " bytes from byte "
              + offset
              + " on, only "
              + size() * unit);
    }
    if (count == 0) {
      return;
    }
    long first = offset / unit;
    long end = (offset + count + unit - 1) / unit;
    Scope.run(
        "read " + name,
        () ->
            Autograd.off(
                () -> {
                  Tensor part = value.reshape(-1).slice(0, first, end);
                  // Aliases native memory, which the open scope keeps.
                  ByteBuffer bytes = part.array().toByteBuffer(true);
                  into.put(bytes.slice((int) (offset - first * unit), count));
                  return count;
                }));
  }

  /** A host copy of the values; works without an open scope. */
  public float[] toFloats() {
    return Scope.run("read " + name, () -> value.toFloats());
  }

  /** In-place updates must not write to a file's pages. */
  void makePrivate() {
    if (mappedPages != null) {
      PtNDArray copy = (PtNDArray) value.array().duplicate();
      NDScope.unregister(copy);
      PtNDArray old = value.array();
      value = Tensor.persistent(copy);
      old.close();
      mappedPages = null;
    }
  }

  /** Frees the native memory. The parameter cannot be used afterwards. */
  @Override
  public void close() {
    value.array().close();
    mappedPages = null;
  }

  @Override
  public String toString() {
    return name + " " + shape() + (trainable ? " trainable" : " frozen");
  }
}
