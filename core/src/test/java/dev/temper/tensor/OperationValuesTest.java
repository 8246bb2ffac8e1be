package dev.temper.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Values of operations against closed forms computed on the host. */
class OperationValuesTest {
  private static final double[] X = {-2.5, -1.2, -0.5, 0.3, 1.1, 2.5};
  private static final double[] POSITIVE = {0.1, 0.5, 1, 1.5, 2, 9};

  private static Arguments row(
      String name, UnaryOperator<Tensor> f, DoubleUnaryOperator closedForm, double[] at) {
    return Arguments.of(name, f, closedForm, at);
  }

  private static Arguments row(
      String name, UnaryOperator<Tensor> f, DoubleUnaryOperator closedForm) {
    return row(name, f, closedForm, X);
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  static Stream<Arguments> closedForms() {
    return Stream.of(
        row("neg", Tensor::neg, x -> -x),
        row("abs", Tensor::abs, Math::abs),
        row("square", Tensor::square, x -> x * x),
        row("sqrt", Tensor::sqrt, Math::sqrt, POSITIVE),
        row("exp", Tensor::exp, Math::exp),
        row("log", Tensor::log, Math::log, POSITIVE),
        row("log1p", Tensor::log1p, Math::log1p, POSITIVE),
        row("expm1", Tensor::expm1, Math::expm1),
        row("rsqrt", Tensor::rsqrt, x -> 1 / Math.sqrt(x), POSITIVE),
        row("reciprocal", Tensor::reciprocal, x -> 1 / x),
        row("sin", Tensor::sin, Math::sin),
        row("cos", Tensor::cos, Math::cos),
        row("tanh", Tensor::tanh, Math::tanh),
        row("sigmoid", Tensor::sigmoid, OperationValuesTest::sigmoid),
        row("logSigmoid", Tensor::logSigmoid, x -> -Math.log1p(Math.exp(-x))),
        row("softplus", Tensor::softplus, x -> Math.log1p(Math.exp(x))),
        row("relu", Tensor::relu, x -> Math.max(x, 0)),
        row("silu", Tensor::silu, x -> x * sigmoid(x)),
        row(
            "geluTanh",
            Tensor::geluTanh,
            x -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)))),
        row("sign", Tensor::sign, Math::signum),
        row("floor", Tensor::floor, Math::floor),
        row("ceil", Tensor::ceil, Math::ceil),
        row("round, half to even", Tensor::round, Math::rint),
        row("add", x -> x.add(0.7), x -> x + 0.7),
        row("sub", x -> x.sub(0.7), x -> x - 0.7),
        row("mul", x -> x.mul(0.7), x -> x * 0.7),
        row("div", x -> x.div(0.7), x -> x / 0.7),
        row("pow", x -> x.pow(1.7), x -> Math.pow(x, 1.7), POSITIVE),
        row("maximum", x -> x.maximum(0.7), x -> Math.max(x, 0.7)),
        row("minimum", x -> x.minimum(0.7), x -> Math.min(x, 0.7)),
        row("clamp", x -> x.clamp(-1, 0.7), x -> Math.min(Math.max(x, -1), 0.7)),
        row("lt", x -> x.lt(0.3), x -> x < 0.3 ? 1 : 0),
        row("lte", x -> x.lte(0.3), x -> x <= 0.3 ? 1 : 0),
        row("gt", x -> x.gt(0.3), x -> x > 0.3 ? 1 : 0),
        row("gte", x -> x.gte(0.3), x -> x >= 0.3 ? 1 : 0),
        row("eq", x -> x.eq(0.3), x -> x == 0.3 ? 1 : 0),
        row("neq", x -> x.neq(0.3), x -> x != 0.3 ? 1 : 0),
        row("not", x -> x.gt(0).not(), x -> x > 0 ? 0 : 1),
        row("and", x -> x.gt(-1).and(x.lt(1)), x -> x > -1 && x < 1 ? 1 : 0),
        row("or", x -> x.lt(-1).or(x.gt(1)), x -> x < -1 || x > 1 ? 1 : 0),
        row("maskedFill", x -> x.maskedFill(x.gt(0), 4), x -> x > 0 ? 4 : x),
        row("where", x -> Tensors.where(x.gt(0), x, x.square()), x -> x > 0 ? x : x * x));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("closedForms")
  void value_agrees_with_the_closed_form(
      String name, UnaryOperator<Tensor> f, DoubleUnaryOperator closedForm, double[] at) {
    double[] values = Scope.run(name, () -> f.apply(Tensors.of(at)).toDoubles());
    assertThat(values).containsExactly(Arrays.stream(at).map(closedForm).toArray(), within(1e-12));
  }

  private static double[] values(java.util.function.Supplier<Tensor> f) {
    return Scope.run("values", () -> f.get().toDoubles());
  }

  private static Tensor matrix() {
    return Tensors.of(new double[] {3, 1, 2, -1, 5, 0}, 2, 3);
  }

  @Test
  void reductions_run_over_the_dimension_they_name() {
    assertThat(values(() -> matrix().sum())).containsExactly(10);
    assertThat(values(() -> matrix().sum(0))).containsExactly(2, 6, 2);
    assertThat(values(() -> matrix().mean(-1, true)))
        .containsExactly(new double[] {2, 4.0 / 3}, within(1e-15));
    assertThat(values(() -> matrix().variance(-1, true, false)))
        .containsExactly(new double[] {1, 31.0 / 3}, within(1e-12));
    assertThat(values(() -> matrix().variance(-1, false, false)))
        .containsExactly(new double[] {2.0 / 3, 62.0 / 9}, within(1e-12));
    assertThat(values(() -> matrix().max(0, false))).containsExactly(3, 5, 2);
    assertThat(values(() -> matrix().min(-1, false))).containsExactly(1, -1);
    assertThat(values(() -> matrix().argMax(-1))).containsExactly(0, 1);
    assertThat(values(() -> matrix().argMin(0))).containsExactly(1, 0, 1);
    assertThat(values(() -> matrix().cumSum(-1))).containsExactly(3, 4, 6, -1, 4, 4);
    assertThat(values(() -> matrix().norm()))
        .containsExactly(new double[] {Math.sqrt(40)}, within(1e-14));
    double logSum = Math.log(Math.exp(3) + Math.exp(1) + Math.exp(2));
    assertThat(values(() -> matrix().logSumExp(-1, false).select(0, 0)))
        .containsExactly(new double[] {logSum}, within(1e-14));
    assertThat(values(() -> matrix().logSoftmax(-1).select(0, 0)))
        .containsExactly(new double[] {3 - logSum, 1 - logSum, 2 - logSum}, within(1e-14));
    assertThat(values(() -> matrix().softmax(0).sum(0)))
        .containsExactly(new double[] {1, 1, 1}, within(1e-15));
  }

  @Test
  void reductions_of_large_logits_do_not_overflow() {
    assertThat(values(() -> Tensors.of(new double[] {1000, 1000}).logSumExp(0, false)))
        .containsExactly(new double[] {1000 + Math.log(2)}, within(1e-12));
    assertThat(values(() -> Tensors.of(new double[] {-1000, 1000}).logSigmoid()))
        .containsExactly(new double[] {-1000, 0}, within(0.0));
    assertThat(values(() -> Tensors.of(new double[] {-1000, 1000}).softplus()))
        .containsExactly(new double[] {0, 1000}, within(0.0));
  }

  @Test
  void shape_operations_move_elements_where_they_say() {
    assertThat(values(() -> matrix().t())).containsExactly(3, -1, 1, 5, 2, 0);
    assertThat(values(() -> matrix().flip(1))).containsExactly(2, 1, 3, 0, 5, -1);
    assertThat(values(() -> matrix().roll(1, 1))).containsExactly(2, 3, 1, 0, -1, 5);
    assertThat(values(() -> matrix().tile(0, 2)))
        .containsExactly(3, 1, 2, -1, 5, 0, 3, 1, 2, -1, 5, 0);
    assertThat(values(() -> matrix().repeatInterleave(0, 2)))
        .containsExactly(3, 1, 2, 3, 1, 2, -1, 5, 0, -1, 5, 0);
    assertThat(values(() -> matrix().slice(1, 1, 3))).containsExactly(1, 2, 5, 0);
    assertThat(values(() -> matrix().tril(0))).containsExactly(3, 0, 0, -1, 5, 0);
    assertThat(values(() -> matrix().triu(0))).containsExactly(3, 1, 2, 0, 5, 0);
    assertThat(values(() -> matrix().diagonal())).containsExactly(3, 5);
    assertThat(values(() -> matrix().sort(-1, false).values())).containsExactly(1, 2, 3, -1, 0, 5);
    assertThat(values(() -> matrix().topK(1, -1).indices())).containsExactly(0, 1);
    assertThat(
            values(
                () -> Tensors.stack(List.of(matrix(), matrix()), 0).permute(1, 0, 2).select(0, 1)))
        .containsExactly(-1, 5, 0, -1, 5, 0);
    assertThat(values(() -> Tensors.eye(2))).containsExactly(1, 0, 0, 1);
    assertThat(values(() -> Tensors.arange(3))).containsExactly(0, 1, 2);
  }

  @Test
  void indices_name_elements_of_their_dimension() {
    assertThat(values(() -> matrix().indexSelect(1, Tensors.of(new long[] {2, 0}))))
        .containsExactly(2, 3, 0, -1);
    assertThat(values(() -> matrix().gather(1, Tensors.of(new long[] {2, 1}, 2, 1))))
        .containsExactly(2, 5);
    assertThat(
            values(
                () ->
                    matrix()
                        .indexAdd(0, Tensors.of(new long[] {1, 1}), Tensors.onesLike(matrix()))))
        .containsExactly(3, 1, 2, 1, 7, 2);
  }
}
