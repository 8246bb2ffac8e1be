package dev.temper.model;

import dev.temper.tensor.Nn;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Tensor;
import java.util.List;
import java.util.function.Supplier;
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

    /**
     * The product this operation is now, for inputs without gradients; null if it is anything but x
     * Wᵀ plus the layer's bias. Decoding asks, because a product can be stored to be read faster.
     */
    default @Nullable Product product() {
      return null;
    }
  }

  /**
   * A product with a matrix.
   *
   * @param sources the tensors the matrix is made from: it changes when they do, or when there are
   *     others
   * @param weight makes W [out, in]
   * @param isStored whether the matrix exists already: its only source is the matrix itself
   */
  public record Product(List<Tensor> sources, Supplier<Tensor> weight, boolean isStored) {
    /** The product with a matrix that has to be made. */
    public Product(List<Tensor> sources, Supplier<Tensor> weight) {
      this(sources, weight, false);
    }

    /** The product with a tensor that exists already. */
    public static Product of(Tensor stored) {
      return new Product(List.of(stored), () -> stored, true);
    }
  }

  private final class Base implements Op {
    @Override
    public Tensor apply(Tensor x) {
      if (layout == LinearLayout.IN_OUT) {
        Tensor y = x.matMul(weight.value());
        return bias == null ? y : y.add(bias.value());
      }
      return Nn.linear(x, weight.value(), bias == null ? null : bias.value());
    }

    @Override
    public Product product() {
      return layout == LinearLayout.IN_OUT
          ? new Product(List.of(weight.value()), () -> matrix().copy())
          : Product.of(weight.value());
    }
  }

  private final String name;
  private final Parameter weight;
  private final @Nullable Parameter bias;
  private final LinearLayout layout;
  private Op op;
  private @Nullable Op standIn;

  Linear(String name, Parameter weight, @Nullable Parameter bias, LinearLayout layout) {
    this.name = name;
    this.layout = layout;
    this.weight = weight;
    this.bias = bias;
    this.op = new Base();
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
    return standIn == null ? op.apply(x) : standIn.apply(x);
  }

  /** Until called with null, {@link #apply} does this instead: the same product, stored faster. */
  void standIn(@Nullable Op faster) {
    standIn = faster;
  }

  @Override
  public String toString() {
    return name + " " + weight.shape();
  }
}
