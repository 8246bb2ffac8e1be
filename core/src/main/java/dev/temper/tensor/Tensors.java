package dev.temper.tensor;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.List;

/** Makes tensors: from host data (always copied), by value, and by joining others. */
public final class Tensors {
  private Tensors() {}

  /** A float tensor with a copy of {@code values}, row-major. */
  public static Tensor of(float[] values, long... shape) {
    Scope.require("Tensors.of");
    Shape s = shape.length == 0 ? Shape.of(values.length) : Shape.of(shape);
    requireSize("Tensors.of", values.length, s);
    return new Tensor(Engine.get().copyOf(FloatBuffer.wrap(values), s, DType.F32.engineType()));
  }

  /** A double tensor with a copy of {@code values}, row-major. */
  public static Tensor of(double[] values, long... shape) {
    Scope.require("Tensors.of");
    Shape s = shape.length == 0 ? Shape.of(values.length) : Shape.of(shape);
    requireSize("Tensors.of", values.length, s);
    return new Tensor(
        Engine.get().copyOf(java.nio.DoubleBuffer.wrap(values), s, DType.F64.engineType()));
  }

  /** An integer tensor (I64) with a copy of {@code values}, row-major. */
  public static Tensor of(long[] values, long... shape) {
    Scope.require("Tensors.of");
    Shape s = shape.length == 0 ? Shape.of(values.length) : Shape.of(shape);
    requireSize("Tensors.of", values.length, s);
    return new Tensor(Engine.get().copyOf(LongBuffer.wrap(values), s, DType.I64.engineType()));
  }

  /** An integer tensor (I64) with a copy of {@code values}, such as token ids. */
  public static Tensor ofInts(int[] values, long... shape) {
    return of(Arrays.stream(values).asLongStream().toArray(), shape);
  }

  /** A boolean tensor. */
  public static Tensor of(boolean[] values, long... shape) {
    int[] ints = new int[values.length];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = values[i] ? 1 : 0;
    }
    Scope.require("Tensors.of");
    Shape s = shape.length == 0 ? Shape.of(values.length) : Shape.of(shape);
    requireSize("Tensors.of", values.length, s);
    return new Tensor(Engine.get().copyOf(IntBuffer.wrap(ints), s, DType.I32.engineType()))
        .cast(DType.BOOL);
  }

  /** A 0-d float tensor. */
  public static Tensor scalar(double value) {
    return full(value);
  }

  /** A float tensor filled with {@code value}. */
  public static Tensor full(double value, long... shape) {
    Scope.require("Tensors.full");
    return new Tensor(
        JniUtils.full(
            Engine.get().arena(),
            Shape.of(shape).engineShape(),
            value,
            DType.F32.engineType(),
            Engine.get().device(),
            ai.djl.ndarray.types.SparseFormat.DENSE));
  }

  /** A float tensor of zeros. */
  public static Tensor zeros(long... shape) {
    return full(0, shape);
  }

  /** A float tensor of ones. */
  public static Tensor ones(long... shape) {
    return full(1, shape);
  }

  /** Zeros with the shape and type of {@code like}. */
  public static Tensor zerosLike(Tensor like) {
    return Kernels.builtin().call("zeros_like", like);
  }

  /** Ones with the shape and type of {@code like}. */
  public static Tensor onesLike(Tensor like) {
    return Kernels.builtin().call("ones_like", like);
  }

  /** 0, 1, …, n-1 as I64. */
  public static Tensor arange(long n) {
    long[] v = new long[Math.toIntExact(n)];
    Arrays.setAll(v, i -> i);
    return of(v);
  }

  /** The identity matrix. */
  public static Tensor eye(int n) {
    Scope.require("Tensors.eye");
    return new Tensor((PtNDArray) Engine.get().arena().eye(n));
  }

  /** Joins tensors along an existing dimension. */
  public static Tensor cat(List<Tensor> parts, int dim) {
    Scope.require("cat");
    if (parts.isEmpty()) {
      throw new TensorException("cat: needs at least one tensor");
    }
    try {
      return new Tensor(
          JniUtils.cat(
              parts.stream().map(Tensor::array).toArray(PtNDArray[]::new),
              parts.get(0).shape().axis(dim)));
    } catch (EngineException e) {
      throw Tensor.failure("cat", e, parts.toArray(Tensor[]::new));
    }
  }

  /** Joins tensors of one shape along a new dimension. */
  public static Tensor stack(List<Tensor> parts, int dim) {
    Scope.require("stack");
    if (parts.isEmpty()) {
      throw new TensorException("stack: needs at least one tensor");
    }
    try {
      return new Tensor(
          JniUtils.stack(parts.stream().map(Tensor::array).toArray(PtNDArray[]::new), dim));
    } catch (EngineException e) {
      throw Tensor.failure("stack", e, parts.toArray(Tensor[]::new));
    }
  }

  /** {@code condition ? a : b}, element by element, with broadcasting. */
  public static Tensor where(Tensor condition, Tensor a, Tensor b) {
    return Kernels.builtin().call("where", condition, a, b);
  }

  static void requireSize(String what, int given, Shape shape) {
    if (given != shape.size()) {
      throw new TensorException(
          what + ": " + given + " values for shape " + shape + ", which has " + shape.size());
    }
  }
}
