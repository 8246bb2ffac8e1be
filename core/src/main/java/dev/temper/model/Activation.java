package dev.temper.model;

import dev.temper.tensor.Nn;
import dev.temper.tensor.Tensor;

/** The nonlinearity of a feed-forward network. */
public enum Activation {
  /** x · sigmoid(x), also called swish. */
  SILU,
  /** x · Φ(x) with the exact normal distribution function (erf). */
  GELU,
  /** The tanh approximation of GELU: {@code gelu_new}, {@code gelu_pytorch_tanh}. */
  GELU_TANH,
  /** max(x, 0). */
  RELU;

  /** f(x), element by element. */
  public Tensor apply(Tensor x) {
    return switch (this) {
      case SILU -> x.silu();
      case GELU -> x.gelu();
      case GELU_TANH -> x.geluTanh();
      case RELU -> x.relu();
    };
  }

  /** f(gate) · up. */
  Tensor gated(Tensor gate, Tensor up) {
    return this == SILU ? Nn.siluMul(gate, up) : apply(gate).mul(up);
  }
}
