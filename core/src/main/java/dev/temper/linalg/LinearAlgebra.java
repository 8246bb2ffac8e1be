package dev.temper.linalg;

import dev.temper.tensor.Tensor;

/**
 * Decompositions and solvers of dense real matrices.
 *
 * <p>Arguments are F32 or F64 matrices; results have the argument's type and belong to the open
 * scope. Signs of singular vectors and eigenvectors are not unique and differ between
 * implementations; everything that is unique agrees. {@link #standard()} also takes leading batch
 * dimensions and is differentiable where the decomposition is.
 *
 * <p>Errors are {@link IllegalArgumentException} for shapes and types, and the implementation's
 * exception for matrices without the decomposition (singular, not positive definite), naming the
 * operation and the shape.
 */
public interface LinearAlgebra {
  /**
   * A = U diag(S) Vᵀ.
   *
   * @param u [m, r], orthonormal columns, r = min(m, n)
   * @param s [r], largest first, none negative
   * @param vt [r, n], orthonormal rows
   */
  record Svd(Tensor u, Tensor s, Tensor vt) {}

  /**
   * A = Q R.
   *
   * @param q [m, r], orthonormal columns, r = min(m, n)
   * @param r [r, n], upper triangular
   */
  record Qr(Tensor q, Tensor r) {}

  /**
   * A = V diag(values) Vᵀ.
   *
   * @param values [n], smallest first
   * @param vectors [n, n], orthonormal columns
   */
  record Eigh(Tensor values, Tensor vectors) {}

  /** The reduced singular value decomposition of {@code a} [m, n]. */
  Svd svd(Tensor a);

  /** The reduced QR decomposition of {@code a} [m, n]. */
  Qr qr(Tensor a);

  /** Eigenvalues and eigenvectors of a symmetric {@code a} [n, n]; the lower triangle is read. */
  Eigh eigh(Tensor a);

  /** The lower triangular L with A = L Lᵀ, for a symmetric positive definite {@code a} [n, n]. */
  Tensor cholesky(Tensor a);

  /** X with A X = B, for an invertible {@code a} [n, n] and {@code b} [n, k]. */
  Tensor solve(Tensor a, Tensor b);

  /** The inverse of {@code a} [n, n]; prefer {@link #solve}. */
  Tensor inverse(Tensor a);

  /**
   * X with the smallest |A X - B|, for {@code a} [m, n] of full column rank, m ≥ n, and {@code b}
   * [m, k].
   */
  Tensor lstsq(Tensor a, Tensor b);

  /** The implementation on the tensor engine: always there, the fastest known, on every device. */
  static LinearAlgebra standard() {
    return KernelLinearAlgebra.INSTANCE;
  }
}
