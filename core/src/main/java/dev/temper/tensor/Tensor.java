package dev.temper.tensor;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDScope;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An immutable array of numbers in native memory, with gradients when {@link Autograd#record} is
 * on.
 *
 * <p>There is no {@code close()}: a tensor belongs to the {@link Scope} it was made in and is freed
 * with it. Operations are functional; binary ones broadcast as in NumPy and PyTorch; a negative
 * dimension counts from the end. Errors name the operation and the shapes. Numbers passed as {@code
 * double} take the tensor's type.
 */
public final class Tensor {
  private final PtNDArray array;
  private final boolean persistent;
  // A second handle on the same native tensor, for stages whose continuation runs after this
  // tensor's scope has ended.
  private @Nullable PtNDArray kept;
  private int keepers;

  Tensor(PtNDArray array) {
    this(array, false);
  }

  private Tensor(PtNDArray array, boolean persistent) {
    this.array = array;
    this.persistent = persistent;
  }

  /** A tensor that no scope owns: a parameter's value. */
  static Tensor persistent(PtNDArray array) {
    NDScope.unregister(array);
    return new Tensor(array, true);
  }

  boolean isPersistent() {
    return persistent;
  }

  PtNDArray array() {
    if (array.isReleased()) {
      if (kept != null) {
        return kept;
      }
      throw new IllegalStateException(
          "this tensor was freed when its scope ended or its parameter was closed; return it from the scope to keep it (open scopes: "
              + Scope.path()
              + ")");
    }
    return array;
  }

  /**
   * Keeps the native tensor alive, in its graph, until as many calls of {@link #release}, whatever
   * happens to its scope.
   */
  void keep() {
    if (keepers == 0) {
      kept = Kernels.handle(array());
      NDScope.unregister(kept);
    }
    keepers++;
  }

  /** Undoes one {@link #keep}. */
  void release() {
    keepers--;
    if (keepers == 0 && kept != null) {
      kept.close();
      kept = null;
    }
  }

  /** Sizes of the dimensions. */
  public Shape shape() {
    return Shape.of(array().getShape());
  }

  /** Size of dimension {@code i}. */
  public long dim(int i) {
    return shape().dim(i);
  }

  /** Element type. */
  public DType dtype() {
    return DType.of(array().getDataType());
  }

  // ---- element by element ----------------------------------------------------------------------

  /** -x, element by element. */
  public Tensor neg() {
    return unary("neg", JniUtils::neg);
  }

  /** |x|, element by element. */
  public Tensor abs() {
    return unary("abs", JniUtils::abs);
  }

  /** x², element by element. */
  public Tensor square() {
    return unary("square", JniUtils::square);
  }

  /** √x, element by element. */
  public Tensor sqrt() {
    return unary("sqrt", JniUtils::sqrt);
  }

  /** eˣ, element by element. */
  public Tensor exp() {
    return unary("exp", JniUtils::exp);
  }

  /** Ln x, element by element. */
  public Tensor log() {
    return unary("log", JniUtils::log);
  }

  /** Ln(1 + x), exact near 0, element by element. */
  public Tensor log1p() {
    return Kernels.builtin().call("log1p", this);
  }

  /** eˣ - 1, exact near 0, element by element. */
  public Tensor expm1() {
    return Kernels.builtin().call("expm1", this);
  }

  /** 1/√x, element by element. */
  public Tensor rsqrt() {
    return Kernels.builtin().call("rsqrt", this);
  }

  /** 1/x, element by element. */
  public Tensor reciprocal() {
    return Kernels.builtin().call("reciprocal", this);
  }

  /** Sin x, element by element. */
  public Tensor sin() {
    return unary("sin", JniUtils::sin);
  }

  /** Cos x, element by element. */
  public Tensor cos() {
    return unary("cos", JniUtils::cos);
  }

  /** Tanh x, element by element. */
  public Tensor tanh() {
    return unary("tanh", JniUtils::tanh);
  }

  /** 1 / (1 + e⁻ˣ), element by element. */
  public Tensor sigmoid() {
    return unary("sigmoid", JniUtils::sigmoid);
  }

  /** Ln σ(x), stable for large |x|, element by element. */
  public Tensor logSigmoid() {
    return Kernels.builtin().call("log_sigmoid", this);
  }

  /** Ln(1 + eˣ), stable for large x, element by element. */
  public Tensor softplus() {
    return Kernels.builtin().call("softplus", this);
  }

  /** Max(x, 0), element by element. */
  public Tensor relu() {
    return unary("relu", JniUtils::relu);
  }

  /** x σ(x), element by element. */
  public Tensor silu() {
    return Kernels.builtin().call("silu", this);
  }

  /** x Φ(x), exact (erf), element by element. */
  public Tensor gelu() {
    return unary("gelu", JniUtils::gelu);
  }

  /** GELU by its tanh approximation, element by element. */
  public Tensor geluTanh() {
    return Kernels.builtin().call("gelu_tanh", this);
  }

  /** The error function, element by element. */
  public Tensor erf() {
    return unary("erf", JniUtils::erf);
  }

  /** -1, 0 or 1; its gradient is zero, element by element. */
  public Tensor sign() {
    return unary("sign", JniUtils::sign);
  }

  /** Rounds down; its gradient is zero, element by element. */
  public Tensor floor() {
    return unary("floor", JniUtils::floor);
  }

  /** Rounds up; its gradient is zero, element by element. */
  public Tensor ceil() {
    return unary("ceil", JniUtils::ceil);
  }

  /** Rounds half to even; its gradient is zero, element by element. */
  public Tensor round() {
    return unary("round", JniUtils::round);
  }

  /** True where NaN, element by element. */
  public Tensor isNaN() {
    return unary("isNaN", JniUtils::isNaN);
  }

  /** True where infinite, element by element. */
  public Tensor isInfinite() {
    return unary("isInfinite", JniUtils::isInf);
  }

  /** Logical negation, element by element. */
  public Tensor not() {
    return unary("not", JniUtils::logicalNot);
  }

  /** {@code this + other}, with broadcasting. */
  public Tensor add(Tensor other) {
    return binary("add", other, JniUtils::add);
  }

  /** {@code this + value}. */
  public Tensor add(double value) {
    return binary("add", constant(value), JniUtils::add);
  }

  /** {@code this - other}, with broadcasting. */
  public Tensor sub(Tensor other) {
    return binary("sub", other, JniUtils::sub);
  }

  /** {@code this - value}. */
  public Tensor sub(double value) {
    return binary("sub", constant(value), JniUtils::sub);
  }

  /** {@code this × other}, with broadcasting. */
  public Tensor mul(Tensor other) {
    return binary("mul", other, JniUtils::mul);
  }

  /** {@code this × value}. */
  public Tensor mul(double value) {
    return binary("mul", constant(value), JniUtils::mul);
  }

  /** {@code this / other}, with broadcasting. */
  public Tensor div(Tensor other) {
    return binary("div", other, JniUtils::div);
  }

  /** {@code this / value}. */
  public Tensor div(double value) {
    return binary("div", constant(value), JniUtils::div);
  }

  /** {@code this ^ other}, with broadcasting. */
  public Tensor pow(Tensor other) {
    return binary("pow", other, JniUtils::pow);
  }

  /** {@code this ^ value}. */
  public Tensor pow(double value) {
    return binary("pow", constant(value), JniUtils::pow);
  }

  /** True where {@code this == other}. */
  public Tensor eq(Tensor other) {
    return binary("eq", other, JniUtils::eq);
  }

  /** True where {@code this == value}. */
  public Tensor eq(double value) {
    return binary("eq", constant(value), JniUtils::eq);
  }

  /** True where {@code this != other}. */
  public Tensor neq(Tensor other) {
    return binary("neq", other, JniUtils::neq);
  }

  /** True where {@code this != value}. */
  public Tensor neq(double value) {
    return binary("neq", constant(value), JniUtils::neq);
  }

  /** True where {@code this < other}. */
  public Tensor lt(Tensor other) {
    return binary("lt", other, JniUtils::lt);
  }

  /** True where {@code this < value}. */
  public Tensor lt(double value) {
    return binary("lt", constant(value), JniUtils::lt);
  }

  /** True where {@code this <= other}. */
  public Tensor lte(Tensor other) {
    return binary("lte", other, JniUtils::lte);
  }

  /** True where {@code this <= value}. */
  public Tensor lte(double value) {
    return binary("lte", constant(value), JniUtils::lte);
  }

  /** True where {@code this > other}. */
  public Tensor gt(Tensor other) {
    return binary("gt", other, JniUtils::gt);
  }

  /** True where {@code this > value}. */
  public Tensor gt(double value) {
    return binary("gt", constant(value), JniUtils::gt);
  }

  /** True where {@code this >= other}. */
  public Tensor gte(Tensor other) {
    return binary("gte", other, JniUtils::gte);
  }

  /** True where {@code this >= value}. */
  public Tensor gte(double value) {
    return binary("gte", constant(value), JniUtils::gte);
  }

  /** Logical and. */
  public Tensor and(Tensor other) {
    return binary("and", other, JniUtils::logicalAnd);
  }

  /** Logical or. */
  public Tensor or(Tensor other) {
    return binary("or", other, JniUtils::logicalOr);
  }

  /** The larger of both, element by element. */
  public Tensor maximum(Tensor other) {
    return binary("maximum", other, JniUtils::max);
  }

  /** The larger of {@code this} and {@code value}. */
  public Tensor maximum(double value) {
    return binary("maximum", constant(value), JniUtils::max);
  }

  /** The smaller of both, element by element. */
  public Tensor minimum(Tensor other) {
    return binary("minimum", other, JniUtils::min);
  }

  /** The smaller of {@code this} and {@code value}. */
  public Tensor minimum(double value) {
    return binary("minimum", constant(value), JniUtils::min);
  }

  /** Values limited to [low, high]; the gradient is zero outside. */
  public Tensor clamp(double low, double high) {
    return Kernels.builtin().call("clamp", this, doubleArgument(low), doubleArgument(high));
  }

  /** {@code value} where {@code mask} is true, this elsewhere. */
  public Tensor maskedFill(Tensor mask, double value) {
    return Kernels.builtin().call("masked_fill", this, mask, doubleArgument(value));
  }

  // ---- reductions ------------------------------------------------------------------------------

  /** Sum of all elements, 0-d. */
  public Tensor sum() {
    return unary("sum", JniUtils::sum);
  }

  /** Sum over a dimension. */
  public Tensor sum(int dim, boolean keepDim) {
    return unary("sum", a -> JniUtils.sum(a, new long[] {axis(dim)}, keepDim));
  }

  /** Sum over the last-counted dimension {@code dim}, which disappears. */
  public Tensor sum(int dim) {
    return sum(dim, false);
  }

  /** Mean of all elements, 0-d. */
  public Tensor mean() {
    return unary("mean", JniUtils::mean);
  }

  /** Mean over a dimension. */
  public Tensor mean(int dim, boolean keepDim) {
    return unary("mean", a -> JniUtils.mean(a, axis(dim), keepDim));
  }

  /** Variance over a dimension; {@code unbiased} divides by n - 1. */
  public Tensor variance(int dim, boolean unbiased, boolean keepDim) {
    return Kernels.builtin()
        .call(
            "variance",
            this,
            longArgument(axis(dim)),
            longArgument(unbiased ? 1 : 0),
            longArgument(keepDim ? 1 : 0));
  }

  /** Largest element, 0-d. */
  public Tensor max() {
    return unary("max", JniUtils::max);
  }

  /** Largest element along a dimension; ties share the gradient. */
  public Tensor max(int dim, boolean keepDim) {
    return Kernels.builtin()
        .call("amax", this, longArgument(axis(dim)), longArgument(keepDim ? 1 : 0));
  }

  /** Smallest element, 0-d. */
  public Tensor min() {
    return unary("min", JniUtils::min);
  }

  /** Smallest element along a dimension; ties share the gradient. */
  public Tensor min(int dim, boolean keepDim) {
    return Kernels.builtin()
        .call("amin", this, longArgument(axis(dim)), longArgument(keepDim ? 1 : 0));
  }

  /** Index of the largest element along a dimension, I64; the first of equals. */
  public Tensor argMax(int dim) {
    return unary("argMax", a -> JniUtils.argMax(a, axis(dim), false));
  }

  /** Index of the smallest element along a dimension, I64; the first of equals. */
  public Tensor argMin(int dim) {
    return unary("argMin", a -> JniUtils.argMin(a, axis(dim), false));
  }

  /** ln Σ eˣ over a dimension, stable. */
  public Tensor logSumExp(int dim, boolean keepDim) {
    return Kernels.builtin()
        .call("logsumexp", this, longArgument(axis(dim)), longArgument(keepDim ? 1 : 0));
  }

  /** Running sum along a dimension. */
  public Tensor cumSum(int dim) {
    return unary("cumSum", a -> JniUtils.cumSum(a, axis(dim)));
  }

  /** Euclidean norm of all elements, 0-d. */
  public Tensor norm() {
    return Kernels.builtin().call("norm", this);
  }

  // ---- softmax, order --------------------------------------------------------------------------

  /** Softmax over a dimension. */
  public Tensor softmax(int dim) {
    return unary("softmax", a -> JniUtils.softmax(a, axis(dim), a.getDataType()));
  }

  /** ln softmax over a dimension. */
  public Tensor logSoftmax(int dim) {
    return unary("logSoftmax", a -> JniUtils.logSoftmax(a, axis(dim), a.getDataType()));
  }

  /** Sorted values and their indices along a dimension. */
  public Sorted sort(int dim, boolean descending) {
    List<Tensor> r =
        Kernels.builtin()
            .callAll("sort", this, longArgument(axis(dim)), longArgument(descending ? 1 : 0));
    return new Sorted(r.get(0), r.get(1));
  }

  /** The {@code k} largest values along a dimension, largest first, and their indices. */
  public Sorted topK(int k, int dim) {
    List<Tensor> r =
        Kernels.builtin().callAll("topk", this, longArgument(k), longArgument(axis(dim)));
    return new Sorted(r.get(0), r.get(1));
  }

  /** Values and the places (I64) they had before. */
  public record Sorted(Tensor values, Tensor indices) {}

  // ---- matrices --------------------------------------------------------------------------------

  /** Matrix product; leading dimensions broadcast. */
  public Tensor matMul(Tensor other) {
    Shape a = shape();
    Shape b = other.shape();
    if (a.rank() < 1 || b.rank() < 1) {
      throw new TensorException(
          "matMul: " + a + " x " + b + ": both sides need at least one dimension");
    }
    long inner = b.rank() == 1 ? b.dim(0) : b.dim(-2);
    if (a.dim(-1) != inner) {
      throw new TensorException(
          "matMul: "
              + a
              + " x "
              + b
              + ": inner dimensions "
              + a.dim(-1)
              + " and "
              + inner
              + " differ (transpose?)");
    }
    return binary("matMul", other, JniUtils::matmul);
  }

  /** Swaps two dimensions. */
  public Tensor transpose(int dim0, int dim1) {
    return unary("transpose", a -> JniUtils.transpose(a, axis(dim0), axis(dim1)));
  }

  /** The transposed matrix. */
  public Tensor t() {
    return transpose(-2, -1);
  }

  /** The lower triangle; entries above diagonal {@code k} become zero. */
  public Tensor tril(int k) {
    return Kernels.builtin().call("tril", this, longArgument(k));
  }

  /** The upper triangle; entries below diagonal {@code k} become zero. */
  public Tensor triu(int k) {
    return Kernels.builtin().call("triu", this, longArgument(k));
  }

  /** The main diagonal. */
  public Tensor diagonal() {
    return unary("diagonal", a -> JniUtils.diagonal(a, 0, 0, 1));
  }

  // ---- shape -----------------------------------------------------------------------------------

  /** The same elements in another shape; one size may be -1. */
  public Tensor reshape(long... dims) {
    try {
      Scope.require("reshape");
      return new Tensor(JniUtils.reshape(array(), dims));
    } catch (EngineException e) {
      throw new TensorException(
          "reshape: "
              + shape()
              + " ("
              + shape().size()
              + " elements) does not fit "
              + Arrays.toString(dims),
          e);
    }
  }

  /** All elements in one dimension. */
  public Tensor flatten() {
    return reshape(-1);
  }

  /** Adds a dimension of size 1 before {@code dim}. */
  public Tensor unsqueeze(int dim) {
    return unary("unsqueeze", a -> JniUtils.unsqueeze(a, dim));
  }

  /** Removes dimension {@code dim}, which must have size 1. */
  public Tensor squeeze(int dim) {
    return unary("squeeze", a -> JniUtils.squeeze(a, axis(dim)));
  }

  /** Reorders the dimensions. */
  public Tensor permute(long... order) {
    return unary("permute", a -> JniUtils.permute(a, order));
  }

  /** Repeats dimensions of size 1 up to the given sizes, without copying. */
  public Tensor expand(long... dims) {
    return unary("expand", a -> JniUtils.broadcast(a, new ai.djl.ndarray.types.Shape(dims)));
  }

  /** Repeats the whole tensor {@code times} along a dimension. */
  public Tensor tile(int dim, long times) {
    long[] repeats = new long[shape().rank()];
    Arrays.fill(repeats, 1);
    repeats[axis(dim)] = times;
    return unary("tile", a -> JniUtils.tile(a, repeats));
  }

  /** Repeats every element {@code times} along a dimension: a a b b. */
  public Tensor repeatInterleave(int dim, long times) {
    return unary("repeatInterleave", a -> JniUtils.repeat(a, times, axis(dim)));
  }

  /** Elements [from, to) of a dimension, a view. */
  public Tensor slice(int dim, long from, long to) {
    long size = dim(dim);
    if (from < 0 || to > size || from > to) {
      throw new TensorException(
          "slice: ["
              + from
              + ", "
              + to
              + ") of dimension "
              + dim
              + " of "
              + shape()
              + " is outside 0.."
              + size);
    }
    return unary("slice", a -> JniUtils.slice(a, axis(dim), from, to, 1));
  }

  /** Entry {@code i} of a dimension, which disappears. */
  public Tensor select(int dim, long i) {
    return slice(dim, i, i + 1).squeeze(dim);
  }

  /** Reverses the order along a dimension. */
  public Tensor flip(int dim) {
    return unary("flip", a -> JniUtils.flip(a, new long[] {axis(dim)}));
  }

  /** Shifts elements along a dimension, those that fall off re-enter at the other end. */
  public Tensor roll(int dim, long by) {
    return Kernels.builtin().call("roll", this, longArgument(by), longArgument(axis(dim)));
  }

  // ---- indexing --------------------------------------------------------------------------------

  /** Rows (entries of {@code dim}) named by a 1-d I64 tensor. */
  public Tensor indexSelect(int dim, Tensor indices) {
    return Kernels.builtin().call("index_select", this, longArgument(axis(dim)), indices);
  }

  /** {@code out[i][j] = this[i][index[i][j]]} for the last dimension, likewise for others. */
  public Tensor gather(int dim, Tensor index) {
    return binary("gather", index, (a, i) -> JniUtils.gather(a, i, axis(dim)));
  }

  /** This with {@code source}'s entries added at {@code indices} (1-d) of dimension {@code dim}. */
  public Tensor indexAdd(int dim, Tensor indices, Tensor source) {
    return Kernels.builtin().call("index_add", this, longArgument(axis(dim)), indices, source);
  }

  /**
   * This with {@code source[i]} added at {@code index[i]} along {@code dim}; shapes of index and
   * source agree.
   */
  public Tensor scatterAdd(int dim, Tensor index, Tensor source) {
    return Kernels.builtin().call("scatter_add", this, longArgument(axis(dim)), index, source);
  }

  // ---- type and graph --------------------------------------------------------------------------

  /** The values in another type; differentiable. */
  public Tensor cast(DType type) {
    return Kernels.builtin().call("cast", this, longArgument(type.torchCode()));
  }

  /** The same values outside the graph: no gradient flows back through the result. */
  public Tensor detach() {
    return unary("detach", a -> (PtNDArray) a.stopGradient());
  }

  /** A copy in memory of its own, inside the graph. */
  public Tensor copy() {
    return Kernels.builtin().call("clone", this);
  }

  /** Whether a gradient would flow back through this tensor. */
  public boolean requiresGradient() {
    // The engine's own answer is true for leaves only, and asking it for the gradient function of a
    // leaf aborts the JVM.
    return Scope.run(
        "requiresGradient",
        () -> Kernels.builtin().call("requires_gradient", this).array().toDoubleArray()[0] == 1);
  }

  // ---- to the host -----------------------------------------------------------------------------

  /** The only element, as a double. */
  public double item() {
    if (shape().size() != 1) {
      throw new TensorException("item: shape " + shape() + " has more than one element");
    }
    return toDoubles()[0];
  }

  /** A host copy of the elements, row-major; any numeric type. */
  public float[] toFloats() {
    Tensor t = dtype() == DType.F32 ? this : cast(DType.F32);
    return t.array().toFloatArray();
  }

  /** A host copy of the elements, row-major; any numeric type. */
  public double[] toDoubles() {
    Tensor t = dtype() == DType.F64 ? this : cast(DType.F64);
    return t.array().toDoubleArray();
  }

  /** A host copy of integer elements, row-major. */
  public long[] toLongs() {
    Tensor t = dtype() == DType.I64 ? this : cast(DType.I64);
    return t.array().toLongArray();
  }

  /** A host copy of the raw bytes, row-major, little endian: for writing files. */
  public ByteBuffer toBytes() {
    return array().toByteBuffer();
  }

  // ---- plumbing --------------------------------------------------------------------------------

  private Tensor unary(String operation, UnaryOperator<PtNDArray> f) {
    Scope.require(operation);
    try {
      return new Tensor(f.apply(array()));
    } catch (EngineException e) {
      throw failure(operation, e, this);
    }
  }

  private Tensor binary(String operation, Tensor other, BinaryOperator<PtNDArray> f) {
    Scope.require(operation);
    try {
      return new Tensor(f.apply(array(), other.array()));
    } catch (EngineException e) {
      throw failure(operation, e, this, other);
    }
  }

  private Tensor constant(double value) {
    DType type = dtype();
    DType scalar = type.isFloating() ? type : DType.F32;
    if (scalar == DType.BF16) {
      return doubleArgument(value).cast(DType.BF16);
    }
    if (!type.isFloating() && value == Math.rint(value)) {
      scalar = DType.I64;
    }
    return new Tensor(Engine.get().constant(value, scalar.engineType()), true);
  }

  private int axis(int dim) {
    return shape().axis(dim);
  }

  /** An integer argument of a kernel. */
  static Tensor longArgument(long value) {
    return new Tensor(Engine.get().constant((double) value, DType.I64.engineType()), true);
  }

  /** A real argument of a kernel. */
  static Tensor doubleArgument(double value) {
    return new Tensor(Engine.get().constant(value, DType.F64.engineType()), true);
  }

  /** The engine's message is long; its first line says what is wrong, ours says with what. */
  static TensorException failure(String operation, EngineException e, Tensor... inputs) {
    String shapes =
        Arrays.stream(inputs).map(t -> t.shape().toString()).collect(Collectors.joining(" and "));
    String message = String.valueOf(e.getMessage()).strip();
    String reason =
        message
            .lines()
            .map(String::strip)
            .filter(l -> l.startsWith("RuntimeError:") || l.startsWith("Error:"))
            .findFirst()
            .orElse(message.lines().findFirst().orElse("native error"));
    return new TensorException(operation + ": " + shapes + ": " + reason, e);
  }

  @Override
  public String toString() {
    if (array.isReleased()) {
      return "Tensor (freed)";
    }
    Shape s = shape();
    if (s.size() <= 16 && Scope.isOpen()) {
      return "Tensor " + s + " " + dtype() + " " + Arrays.toString(toDoubles());
    }
    return "Tensor " + s + " " + dtype();
  }
}
