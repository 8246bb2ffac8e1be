package dev.temper.linalg;

import dev.temper.tensor.DType;
import dev.temper.tensor.Kernels;
import dev.temper.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/** Linear algebra on the engine's LAPACK or cuSOLVER, through a kernel pack of its own. */
final class KernelLinearAlgebra implements LinearAlgebra {
  static final KernelLinearAlgebra INSTANCE = new KernelLinearAlgebra();

  /** Compiled at first use, so that asking for an implementation costs nothing. */
  private static final class Pack {
    static final Kernels KERNELS = Kernels.load(source());

    private static String source() {
      String name = "linalg.torchscript";
      try (InputStream in =
          Objects.requireNonNull(KernelLinearAlgebra.class.getResourceAsStream(name), name)) {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private KernelLinearAlgebra() {}

  @Override
  public Svd svd(Tensor a) {
    List<Tensor> r = Pack.KERNELS.callAll("svd", matrix("svd", a));
    return new Svd(r.get(0), r.get(1), r.get(2));
  }

  @Override
  public Qr qr(Tensor a) {
    List<Tensor> r = Pack.KERNELS.callAll("qr", matrix("qr", a));
    return new Qr(r.get(0), r.get(1));
  }

  @Override
  public Eigh eigh(Tensor a) {
    List<Tensor> r = Pack.KERNELS.callAll("eigh", square("eigh", a));
    return new Eigh(r.get(0), r.get(1));
  }

  @Override
  public Tensor cholesky(Tensor a) {
    return Pack.KERNELS.call("cholesky", square("cholesky", a));
  }

  @Override
  public Tensor solve(Tensor a, Tensor b) {
    square("solve", a);
    return Pack.KERNELS.call("solve", a, rightHandSide("solve", a, b));
  }

  @Override
  public Tensor inverse(Tensor a) {
    return Pack.KERNELS.call("inverse", square("inverse", a));
  }

  @Override
  public Tensor lstsq(Tensor a, Tensor b) {
    matrix("lstsq", a);
    if (a.dim(-2) < a.dim(-1)) {
      throw new IllegalArgumentException(
          "lstsq: "
              + a.shape()
              + " has fewer rows than columns; the solution is not unique, add a ridge term or use svd");
    }
    return Pack.KERNELS.call("lstsq", a, rightHandSide("lstsq", a, b));
  }

  private static Tensor matrix(String operation, Tensor a) {
    if (a.shape().rank() < 2) {
      throw new IllegalArgumentException(operation + ": " + a.shape() + " is not a matrix");
    }
    if (a.dtype() != DType.F32 && a.dtype() != DType.F64) {
      throw new IllegalArgumentException(
          operation + ": " + a.shape() + " is " + a.dtype() + "; cast it to F32 or F64 first");
    }
    return a;
  }

  private static Tensor square(String operation, Tensor a) {
    matrix(operation, a);
    if (a.dim(-1) != a.dim(-2)) {
      throw new IllegalArgumentException(operation + ": " + a.shape() + " is not square");
    }
    return a;
  }

  private static Tensor rightHandSide(String operation, Tensor a, Tensor b) {
    matrix(operation, b);
    if (a.dim(-2) != b.dim(-2) || a.dtype() != b.dtype()) {
      throw new IllegalArgumentException(
          operation
              + ": "
              + a.shape()
              + " "
              + a.dtype()
              + " and "
              + b.shape()
              + " "
              + b.dtype()
              + ": rows and types must agree");
    }
    return b;
  }
}
