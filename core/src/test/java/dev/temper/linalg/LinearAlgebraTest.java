package dev.temper.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.temper.tensor.DType;
import dev.temper.tensor.GradientCheck;
import dev.temper.tensor.GradientCheck.Input;
import dev.temper.tensor.Rng;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.TensorException;
import dev.temper.tensor.Tensors;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinearAlgebraTest {
  private static final LinearAlgebra ALGEBRA = LinearAlgebra.standard();

  private static Tensor random(long seed, int rows, int columns, DType type) {
    return Tensors.of(Rng.of(seed).gaussians(rows * columns, 1), rows, columns).cast(type);
  }

  /** Symmetric, with eigenvalues of at least 1. */
  private static Tensor positive(long seed, int n, DType type) {
    Tensor a = random(seed, n, n, type);
    return a.matMul(a.t()).add(eye(n, type));
  }

  private static Tensor eye(long n, DType type) {
    return Tensors.eye((int) n).cast(type);
  }

  private static void assertClose(Tensor actual, Tensor expected, DType type) {
    double scale = Math.max(1, expected.abs().max().item());
    double epsilon = type == DType.F64 ? 2.2e-16 : 1.2e-7;
    assertThat(actual.sub(expected).abs().max().item() / scale).isLessThan(500 * epsilon);
  }

  private static void assertOrthonormalColumns(Tensor q, DType type) {
    assertClose(q.t().matMul(q), eye(q.dim(-1), type), type);
  }

  @ParameterizedTest
  @CsvSource({"5,5,F64", "9,4,F64", "4,9,F64", "33,17,F32", "1,1,F32"})
  void decompositions_reconstruct_the_matrix(int m, int n, DType type) {
    Scope.run(
        "test",
        () -> {
          Tensor a = random(m * 31L + n, m, n, type);
          LinearAlgebra.Svd svd = ALGEBRA.svd(a);
          assertClose(svd.u().mul(svd.s()).matMul(svd.vt()), a, type);
          assertOrthonormalColumns(svd.u(), type);
          assertOrthonormalColumns(svd.vt().t(), type);
          double[] s = svd.s().toDoubles();
          assertThat(s).isSortedAccordingTo((x, y) -> Double.compare(y, x));
          assertThat(s[s.length - 1]).isNotNegative();
          LinearAlgebra.Qr qr = ALGEBRA.qr(a);
          assertClose(qr.q().matMul(qr.r()), a, type);
          assertOrthonormalColumns(qr.q(), type);
          assertThat(qr.r().sub(qr.r().triu(0)).abs().max().item()).isZero();
        });
  }

  @ParameterizedTest
  @CsvSource({"1,F64", "6,F64", "20,F32"})
  void symmetric_matrices_have_eigenvectors_a_root_and_an_inverse(int n, DType type) {
    Scope.run(
        "test",
        () -> {
          Tensor a = positive(n, n, type);
          LinearAlgebra.Eigh e = ALGEBRA.eigh(a);
          assertClose(e.vectors().mul(e.values()).matMul(e.vectors().t()), a, type);
          assertOrthonormalColumns(e.vectors(), type);
          assertThat(e.values().toDoubles()).isSorted();
          // Singular values of a positive definite matrix are its eigenvalues.
          assertClose(ALGEBRA.svd(a).s().flip(0), e.values(), type);
          Tensor l = ALGEBRA.cholesky(a);
          assertClose(l.matMul(l.t()), a, type);
          assertThat(l.sub(l.tril(0)).abs().max().item()).isZero();
          Tensor b = random(n + 1, n, 3, type);
          assertClose(a.matMul(ALGEBRA.solve(a, b)), b, type);
          assertClose(ALGEBRA.inverse(a).matMul(a), eye(n, type), type);
        });
  }

  @Test
  void the_residual_of_least_squares_is_orthogonal_to_the_columns() {
    Scope.run(
        "test",
        () -> {
          Tensor a = random(1, 12, 4, DType.F64);
          Tensor b = random(2, 12, 2, DType.F64);
          Tensor x = ALGEBRA.lstsq(a, b);
          assertClose(a.t().matMul(a.matMul(x).sub(b)), a.t().matMul(b).mul(0), DType.F64);
        });
  }

  @Test
  void solvers_and_roots_are_differentiable() {
    Input a = Input.random("a", 3, -1, 1, 3, 3);
    GradientCheck.check(in -> ALGEBRA.svd(in.get(0)).s(), a);
    GradientCheck.check(
        in -> ALGEBRA.cholesky(in.get(0).matMul(in.get(0).t()).add(eye(3, DType.F64))), a);
    GradientCheck.check(in -> ALGEBRA.eigh(in.get(0).add(in.get(0).t())).values(), a);
    GradientCheck.check(
        in -> ALGEBRA.solve(in.get(0).add(eye(3, DType.F64).mul(3)), in.get(1)),
        a,
        Input.random("b", 4, -1, 1, 3, 2));
    GradientCheck.check(in -> ALGEBRA.inverse(in.get(0).add(eye(3, DType.F64).mul(3))), a);
    GradientCheck.check(
        in -> Tensors.cat(List.of(ALGEBRA.qr(in.get(0)).q(), ALGEBRA.qr(in.get(0)).r()), 0), a);
  }

  @Test
  void wrong_arguments_are_named() {
    Scope.run(
        "test",
        () -> {
          assertThatThrownBy(() -> ALGEBRA.eigh(Tensors.ones(2, 3)))
              .hasMessage("eigh: [2, 3] is not square");
          assertThatThrownBy(() -> ALGEBRA.svd(Tensors.ones(3)))
              .hasMessage("svd: [3] is not a matrix");
          assertThatThrownBy(() -> ALGEBRA.svd(Tensors.ones(3, 3).cast(DType.BF16)))
              .hasMessageContaining("BF16");
          assertThatThrownBy(() -> ALGEBRA.solve(Tensors.ones(3, 3), Tensors.ones(2, 1)))
              .hasMessageContaining("rows and types");
          assertThatThrownBy(() -> ALGEBRA.lstsq(Tensors.ones(2, 3), Tensors.ones(2, 1)))
              .hasMessageContaining("fewer rows");
          assertThatThrownBy(() -> ALGEBRA.cholesky(Tensors.eye(2).neg()))
              .isInstanceOf(TensorException.class)
              .hasMessageContaining("cholesky: [2, 2]");
        });
  }
}
