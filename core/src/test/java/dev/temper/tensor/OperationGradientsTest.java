package dev.temper.tensor;

import static dev.temper.tensor.GradientCheck.Input.random;

import dev.temper.tensor.GradientCheck.Input;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Gradients of every differentiable operation against finite differences, one row per operation.
 */
class OperationGradientsTest {
  record Row(String name, Function<List<Tensor>, Tensor> function, Input... inputs) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** Both signs and away from 0 and the integers, where kinks are. */
  private static final Input SIGNED =
      Input.of("x", new double[] {-2.3, -1.4, -0.6, 0.35, 1.2, 2.7}, 2, 3);

  private static final Input POSITIVE = random("x", 1, 0.4, 3, 2, 3);
  private static final Input ROW = Input.of("y", new double[] {0.8, -1.7, 1.9}, 3);
  private static final Input COLUMN = Input.of("y", new double[] {1.3, 0.7}, 2, 1);
  private static final Input CUBE = random("x", 2, -2, 2, 2, 3, 4);

  private static Row one(String name, UnaryOperator<Tensor> f, Input x) {
    return new Row(name, in -> f.apply(in.get(0)), x);
  }

  private static Row two(String name, BinaryOperator<Tensor> f, Input x, Input y) {
    return new Row(name, in -> f.apply(in.get(0), in.get(1)), x, y);
  }

  private static Tensor longs(long... values) {
    return Tensors.of(values);
  }

  private static Tensor mask() {
    return Tensors.of(new boolean[] {true, false, false, true, true, false}, 2, 3);
  }

  static Stream<Row> elementwise() {
    return Stream.of(
        one("neg", Tensor::neg, SIGNED),
        one("abs", Tensor::abs, SIGNED),
        one("square", Tensor::square, SIGNED),
        one("sqrt", Tensor::sqrt, POSITIVE),
        one("exp", Tensor::exp, SIGNED),
        one("log", Tensor::log, POSITIVE),
        one("log1p", Tensor::log1p, POSITIVE),
        one("expm1", Tensor::expm1, SIGNED),
        one("rsqrt", Tensor::rsqrt, POSITIVE),
        one("reciprocal", Tensor::reciprocal, SIGNED),
        one("sin", Tensor::sin, SIGNED),
        one("cos", Tensor::cos, SIGNED),
        one("tanh", Tensor::tanh, SIGNED),
        one("sigmoid", Tensor::sigmoid, SIGNED),
        one("logSigmoid", Tensor::logSigmoid, SIGNED),
        one("softplus", Tensor::softplus, SIGNED),
        one("relu", Tensor::relu, SIGNED),
        one("silu", Tensor::silu, SIGNED),
        one("gelu", Tensor::gelu, SIGNED),
        one("geluTanh", Tensor::geluTanh, SIGNED),
        one("erf", Tensor::erf, SIGNED),
        one("sign", Tensor::sign, SIGNED),
        one("floor", Tensor::floor, SIGNED),
        one("ceil", Tensor::ceil, SIGNED),
        one("round", Tensor::round, SIGNED),
        one("add(double)", x -> x.add(1.5), SIGNED),
        one("sub(double)", x -> x.sub(1.5), SIGNED),
        one("mul(double)", x -> x.mul(-2.5), SIGNED),
        one("div(double)", x -> x.div(-2.5), SIGNED),
        one("pow(double)", x -> x.pow(2.5), POSITIVE),
        one("maximum(double)", x -> x.maximum(0.5), SIGNED),
        one("minimum(double)", x -> x.minimum(0.5), SIGNED),
        one("clamp", x -> x.clamp(-1, 1), SIGNED),
        one("maskedFill", x -> x.maskedFill(mask(), 7), SIGNED),
        two("add, broadcast row", Tensor::add, SIGNED, ROW),
        two("sub, broadcast row", Tensor::sub, SIGNED, ROW),
        two("mul, broadcast column", Tensor::mul, SIGNED, COLUMN),
        two("div, broadcast row", Tensor::div, SIGNED, ROW),
        two("pow, broadcast column", Tensor::pow, POSITIVE, COLUMN),
        two("maximum, broadcast row", Tensor::maximum, SIGNED, ROW),
        two("minimum, broadcast row", Tensor::minimum, SIGNED, ROW),
        two("where", (x, y) -> Tensors.where(mask(), x, y), SIGNED, ROW),
        one("copy", Tensor::copy, SIGNED),
        one("cast to the same type", x -> x.cast(DType.F64), SIGNED));
  }

  static Stream<Row> reductions() {
    return Stream.of(
        one("sum", Tensor::sum, CUBE),
        one("sum(dim)", x -> x.sum(1), CUBE),
        one("sum(dim, keep)", x -> x.sum(-1, true), CUBE),
        one("mean", Tensor::mean, CUBE),
        one("mean(dim)", x -> x.mean(-1, false), CUBE),
        one("variance, biased", x -> x.variance(-1, false, false), CUBE),
        one("variance, unbiased", x -> x.variance(1, true, true), CUBE),
        one("max", Tensor::max, CUBE),
        one("max(dim)", x -> x.max(-1, false), CUBE),
        one("min", Tensor::min, CUBE),
        one("min(dim)", x -> x.min(1, true), CUBE),
        one("logSumExp", x -> x.logSumExp(-1, true), CUBE),
        one("cumSum", x -> x.cumSum(1), CUBE),
        one("norm", Tensor::norm, CUBE),
        one("softmax", x -> x.softmax(-1), CUBE),
        one("logSoftmax", x -> x.logSoftmax(1), CUBE),
        one("sort", x -> x.sort(-1, true).values(), CUBE),
        one("topK", x -> x.topK(2, -1).values(), CUBE));
  }

  static Stream<Row> matrices() {
    return Stream.of(
        two("matMul", Tensor::matMul, random("a", 3, -1, 1, 2, 3), random("b", 4, -1, 1, 3, 4)),
        two("matMul, batch x matrix", Tensor::matMul, CUBE, random("b", 4, -1, 1, 4, 2)),
        two("matMul, matrix x batch", Tensor::matMul, random("a", 5, -1, 1, 2, 3), CUBE),
        two("matMul, batch x batch", Tensor::matMul, CUBE, random("b", 6, -1, 1, 2, 4, 3)),
        two("matMul, matrix x vector", Tensor::matMul, SIGNED, ROW),
        two("matMul, vector x vector", Tensor::matMul, random("a", 7, -1, 1, 3), ROW),
        one("transpose", x -> x.transpose(0, 2), CUBE),
        one("t", Tensor::t, CUBE),
        one("tril", x -> x.tril(0), CUBE),
        one("triu", x -> x.triu(1), CUBE),
        one("diagonal", Tensor::diagonal, random("x", 8, -1, 1, 3, 3)));
  }

  static Stream<Row> shapes() {
    return Stream.of(
        one("reshape", x -> x.reshape(4, -1), CUBE),
        one("flatten", Tensor::flatten, CUBE),
        one("unsqueeze", x -> x.unsqueeze(1), CUBE),
        one("squeeze", x -> x.squeeze(1), COLUMN),
        one("permute", x -> x.permute(2, 0, 1), CUBE),
        one("expand", x -> x.expand(2, 5), COLUMN),
        one("tile", x -> x.tile(1, 3), SIGNED),
        one("repeatInterleave", x -> x.repeatInterleave(0, 2), SIGNED),
        one("slice", x -> x.slice(-1, 1, 3), CUBE),
        one("select", x -> x.select(1, 2), CUBE),
        one("flip", x -> x.flip(1), CUBE),
        one("roll", x -> x.roll(-1, 1), CUBE),
        two("cat", (x, y) -> Tensors.cat(List.of(x, y, x), 1), SIGNED, COLUMN),
        two("stack", (x, y) -> Tensors.stack(List.of(x, y), 1), ROW, random("y", 9, -1, 1, 3)));
  }

  static Stream<Row> indexing() {
    return Stream.of(
        one("indexSelect", x -> x.indexSelect(1, longs(2, 0, 2)), CUBE),
        one("gather", x -> x.gather(1, Tensors.of(new long[] {2, 2, 0, 1}, 2, 2)), SIGNED),
        two(
            "indexAdd",
            (x, s) -> x.indexAdd(0, longs(1, 1, 0), s),
            SIGNED,
            random("s", 10, -1, 1, 3, 3)),
        two(
            "scatterAdd",
            (x, s) -> x.scatterAdd(1, Tensors.of(new long[] {2, 2, 0, 1}, 2, 2), s),
            SIGNED,
            random("s", 11, -1, 1, 2, 2)));
  }

  private static Tensor kernel(String name, Tensor... in) {
    return Kernels.builtin().call(name, in);
  }

  /**
   * Rows of (start, end, prefix start, prefix end): a prompt of 3 tokens, two branches over it, and
   * one sequence by itself.
   */
  private static Tensor segments() {
    return Tensors.of(new long[] {0, 3, 0, 0, 3, 5, 0, 3, 5, 6, 0, 3, 6, 8, 0, 0}, 4, 4);
  }

  static Stream<Row> layers() {
    Input x = random("x", 20, -1, 1, 3, 4);
    Input q = random("q", 21, -1, 1, 8, 4, 2);
    Input k = random("k", 22, -1, 1, 8, 2, 2);
    Input v = random("v", 23, -1, 1, 8, 2, 2);
    Input w = random("w", 24, -1, 1, 5, 4);
    Input scale = random("scale", 25, 0.5, 1.5, 4);
    Input shift = random("shift", 26, -1, 1, 4);
    return Stream.of(
        one("embedding", t -> kernel("embedding", t, longs(1, 0, 1)), x),
        two("linear", (a, b) -> kernel("linear", a, b), x, w),
        new Row(
            "linear with bias",
            in -> kernel("linear_bias", in.get(0), in.get(1), in.get(2)),
            x,
            w,
            random("b", 27, -1, 1, 5)),
        two("rms_norm", (a, b) -> kernel("rms_norm", a, b, Tensor.doubleArgument(1e-5)), x, scale),
        new Row(
            "layer_norm",
            in ->
                kernel("layer_norm", in.get(0), in.get(1), in.get(2), Tensor.doubleArgument(1e-5)),
            x,
            scale,
            shift),
        two("silu_mul", (a, b) -> kernel("silu_mul", a, b), x, random("u", 28, -1, 1, 3, 4)),
        new Row(
            "rope",
            in -> kernel("rope", in.get(0), in.get(1), in.get(2)),
            x,
            random("cos", 29, -1, 1, 3, 4),
            random("sin", 30, -1, 1, 3, 4)),
        new Row(
            "attention, grouped heads, shared prefix",
            in ->
                kernel(
                    "attention",
                    in.get(0),
                    in.get(1),
                    in.get(2),
                    segments(),
                    Tensor.doubleArgument(0.7)),
            q,
            k,
            v),
        new Row(
            "attention, one head each",
            in ->
                kernel(
                    "attention",
                    in.get(0),
                    in.get(1),
                    in.get(2),
                    segments(),
                    Tensor.doubleArgument(0.7)),
            random("q", 31, -1, 1, 8, 2, 2),
            k,
            v),
        new Row("attention, window 2", in -> masked(in, true, 2, 0), q, k, v),
        new Row("attention, soft-capped", in -> masked(in, true, 3, 0.8), q, k, v),
        new Row(
            "attention, both directions",
            in ->
                Nn.attention(
                    in.get(0),
                    in.get(1),
                    in.get(2),
                    Tensors.of(new long[] {0, 3, 0, 0, 3, 8, 0, 0}, 2, 4),
                    0.7,
                    false,
                    0,
                    0),
            q,
            k,
            v),
        one("cross_entropy", t -> kernel("cross_entropy", t, longs(3, 0, 2)), x),
        two(
            "head_log_probs",
            (h, e) -> kernel("head_log_probs", h, e, longs(4, 0, 2), plain()),
            x,
            w),
        two(
            "head, staged, scaled and capped",
            (h, e) -> StagedHead.logProbs(h, e, longs(4, 0, 2), 2, 0.5, 1.5),
            x,
            w),
        one("soft_cap", t -> Nn.softCap(t, 1.5), x),
        two("head, staged", (h, e) -> StagedHead.logProbs(h, e, longs(4, 0, 2), 2), x, w));
  }

  private static Tensor masked(List<Tensor> in, boolean causal, int window, double cap) {
    return Nn.attention(in.get(0), in.get(1), in.get(2), segments(), 0.7, causal, window, cap);
  }

  private static Tensor plain() {
    return Tensors.of(new double[] {1, 0});
  }

  static Stream<Row> operations() {
    return Stream.of(elementwise(), reductions(), matrices(), shapes(), indexing(), layers())
        .flatMap(s -> s);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("operations")
  void gradient_agrees_with_finite_differences(Row row) {
    GradientCheck.check(row.function(), row.inputs());
  }
}
