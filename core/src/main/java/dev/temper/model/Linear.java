package dev.temper.model;

import dev.temper.tensor.Nn;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Tensor;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A linear layer whose operation can be decorated or replaced: adapters, quantized weights and
 * masks all come in here.
 *
 * <p>The base weights stay reachable so that adapters can be merged into them and models saved.
 */
public final class Linear {
  /** What a linear layer does to its input [..., in]. */
  @FunctionalInterface
  public interface Op {
    /** The output [..., out]. */
    Tensor apply(Tensor x);
  }

  private final String name;
  private final Parameter weight;
  private final @Nullable Parameter bias;
  private final LinearLayout layout;
  private Op op;

  Linear(String name, Parameter weight, @Nullable Parameter bias, LinearLayout layout) {
    this.name = name;
    this.layout = layout;
    this.weight = weight;
    this.bias = bias;
    this.op = this::base;
  }

  private Tensor base(Tensor x) {
    return Nn.linear(x, matrix(), bias == null ? null : bias.value());
  }

  /** Path in the model, for example {@code model.layers.0.self_attn.q_proj}. */
  public String name() {
    return name;
  }

  /** W as it lies in the file: [out, in], or [in, out] where {@link #layout} says so. */
  public Parameter weight() {
    return weight;
  }

  /** W [out, in], however it lies in the file: a view. */
  public Tensor matrix() {
    return layout == LinearLayout.IN_OUT ? weight.value().t() : weight.value();
  }

  /** Replaces the weight by {@code matrix} [out, in], keeping its layout. */
  public void assignMatrix(Tensor matrix) {
    weight.assign(layout == LinearLayout.IN_OUT ? matrix.t() : matrix);
  }

  /** How the weight lies. */
  public LinearLayout layout() {
    return layout;
  }

  /** b [out], if the layer has one. */
  public @Nullable Parameter bias() {
    return bias;
  }

  /** Input width. */
  public int inputs() {
    return Math.toIntExact(weight.shape().dim(layout == LinearLayout.IN_OUT ? 0 : 1));
  }

  /** Output width. */
  public int outputs() {
    return Math.toIntExact(weight.shape().dim(layout == LinearLayout.IN_OUT ? 1 : 0));
  }

  /** The operation in use. */
  public Op op() {
    return op;
  }

  /** Replaces the operation by one made from it. */
  public void decorate(UnaryOperator<Op> with) {
    op = with.apply(op);
  }

  /** Puts an earlier operation back, as taken from {@link #op()}. */
  public void restore(Op earlier) {
    op = earlier;
  }

  /** Applies the operation. */
  public Tensor apply(Tensor x) {
    return op.apply(x);
  }

  @Override
  public String toString() {
    return name + " " + weight.shape();
  }
}
