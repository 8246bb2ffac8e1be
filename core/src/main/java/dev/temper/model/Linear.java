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
   */
  public record Product(List<Tensor> sources, Supplier<Tensor> weight) {
    /** The product with a tensor that exists already. */
    public static Product of(Tensor stored) {
      return new Product(List.of(stored), () -> stored);
    }

    /** Whether the matrix exists already: one source, which is the matrix. */
    public boolean isStored() {
      return sources.size() == 1;
    }
  }

  private final class Base implements Op {
    @Override
    public Tensor apply(Tensor x) {
      return Nn.linear(x, weight.value(), bias == null ? null : bias.value());
    }

    @Override
    public Product product() {
      return Product.of(weight.value());
    }
  }

  private final String name;
  private final Parameter weight;
  private final @Nullable Parameter bias;
  private Op op;
  private @Nullable Op standIn;

  Linear(String name, Parameter weight, @Nullable Parameter bias) {
    this.name = name;
    this.weight = weight;
    this.bias = bias;
    this.op = new Base();
  }

  /** Path in the model, for example {@code model.layers.0.self_attn.q_proj}. */
  public String name() {
    return name;
  }

  /** W [out, in]. */
  public Parameter weight() {
    return weight;
  }

  /** b [out], if the layer has one. */
  public @Nullable Parameter bias() {
    return bias;
  }

  /** Input width. */
  public int inputs() {
    return Math.toIntExact(weight.shape().dim(1));
  }

  /** Output width. */
  public int outputs() {
    return Math.toIntExact(weight.shape().dim(0));
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
