package dev.temper.tensor;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A decoder's weights in the layout that products with few rows read fastest, and one native call
 * that runs a token of every row through all layers.
 *
 * <p>Decoding is bound by how fast weights are read, so fewer bytes is more speed. Without
 * gradients. {@link Format#FLOAT32} keeps references to the caller's tensors, which must outlive
 * this object; the other formats hold their own compressed copy.
 */
public final class DecodeKernels implements AutoCloseable {
  /** How a matrix is stored. */
  public enum Format {
    /** As it is; products of up to 8 rows by oneDNN, which reads them about twice as fast. */
    FLOAT32("add_dense"),
    /** FBGEMM's half precision; sums in float32. Relative error of a product about 2e-4. */
    FLOAT16("add_float16"),
    /**
     * FBGEMM's 8 bits: weights in 7 of them with one scale for each output (with 8 the sums could
     * overflow on CPUs without VNNI), inputs in 8 with one scale for all rows, so a row's result
     * depends on its batch. Relative error of a product about 1e-2, more where inputs have
     * outliers.
     */
    INT8("add_int8");

    private final String method;

    Format(String method) {
      this.method = method;
    }
  }

  /**
   * Shape of a decoder of pre-norm blocks with RMS norms, rotary embedding over whole heads, SiLU
   * gates and grouped queries.
   *
   * @param layers number of blocks
   * @param heads query heads H
   * @param keyValueHeads Hkv
   * @param headWidth d
   * @param normEps ε of every norm
   * @param attentionScale factor on attention scores
   */
  public record Sizes(
      int layers,
      int heads,
      int keyValueHeads,
      int headWidth,
      double normEps,
      double attentionScale) {}

  private final Kernels kernels;
  private final Format format;
  private int matrices;

  /** An empty set. */
  public DecodeKernels(Format format) {
    this.format = format;
    this.kernels = load();
  }

  private static Kernels load() {
    return Kernels.withState(
        "decode",
        new KernelArchive.StateList("weights", "Tensor"),
        new KernelArchive.StateList("biases", "Tensor"),
        new KernelArchive.StateList("constants", "Tensor"),
        new KernelArchive.StateList(
            "packed", "__torch__.torch.classes.quantized.LinearPackedParamsBase"));
  }

  private static final class Stateless {
    static final Kernels KERNELS = load();
  }

  /** Whether float32 products without gradients can go to oneDNN. */
  static boolean hasOneDnn() {
    return Probes.FLOAT32;
  }

  /** x Wᵀ + b without gradients. */
  static Tensor frozenLinear(Tensor x, Tensor weight, @Nullable Tensor bias) {
    return Stateless.KERNELS.call("linear", x, weight, bias == null ? Tensors.zeros(0) : bias);
  }

  private static final class Probes {
    static final boolean FLOAT32 = works(Format.FLOAT32);
    static final boolean FLOAT16 = works(Format.FLOAT16);
    static final boolean INT8 = works(Format.INT8);

    private static boolean works(Format format) {
      if (Engine.get().device().isGpu()) {
        return false;
      }
      try (DecodeKernels probe = new DecodeKernels(format)) {
        return Scope.run(
            "probe " + format,
            () ->
                Autograd.off(
                    () -> {
                      int i = probe.add(Tensors.ones(8, 16), null);
                      float[] sums = probe.product(i, Tensors.ones(2, 16)).toFloats();
                      return sums.length == 16 && Math.abs(sums[0] - 16) < 0.5;
                    }));
      } catch (TensorException e) {
        return false;
      }
    }
  }

  /**
   * Whether the engine has this format's operations here: FBGEMM and oneDNN exist on x86-64 CPUs.
   * Tried once.
   */
  public static boolean isAvailable(Format format) {
    return switch (format) {
      case FLOAT32 -> Probes.FLOAT32;
      case FLOAT16 -> Probes.FLOAT16;
      case INT8 -> Probes.INT8;
    };
  }

  /** How matrices are stored. */
  public Format format() {
    return format;
  }

  /**
   * Adds a matrix.
   *
   * @param weight W [out, in], float32
   * @param bias b [out]
   * @return its index, counting from 0
   */
  public int add(Tensor weight, @Nullable Tensor bias) {
    Autograd.off(() -> kernels.call(format.method, weight, bias == null ? Tensors.zeros(0) : bias));
    return matrices++;
  }

  /**
   * Adds matrices, each with its bias or a tensor of no elements; one native call if nothing has to
   * be packed.
   */
  public void addAll(List<Tensor> weights, List<Tensor> biases) {
    if (format == Format.FLOAT32) {
      Autograd.off(() -> kernels.callLists("add_all_dense", List.of(weights, biases)));
      matrices += weights.size();
    } else {
      for (int i = 0; i < weights.size(); i++) {
        add(weights.get(i), biases.get(i));
      }
    }
  }

  /**
   * Adds what {@link #step} needs beside matrices, in this order: the embedding [V, D], each
   * layer's two norms [D], the last norm [D]. Kept by reference.
   */
  public void addConstants(List<Tensor> constants) {
    Autograd.off(() -> kernels.callLists("add_constants", List.of(constants)));
  }

  /** x Wᵀ + b of a matrix for x [..., in]; [N, out] with the leading dimensions flattened. */
  public Tensor product(int index, Tensor x) {
    return kernels.call("apply", x, Tensor.longArgument(index));
  }

  /** The index of the largest entry of each row of {@link #product}, I64 [N]. */
  public Tensor best(int index, Tensor x) {
    return kernels.call("best", x, Tensor.longArgument(index));
  }

  /**
   * Runs one token of every row through all layers and writes their keys and values into the cache.
   *
   * <p>The matrices must have been added layer by layer: queries, keys, values, output, gate, up,
   * down; in a packed format queries, keys and values as one matrix, and gate and up as another.
   *
   * @param ids I64 [B]
   * @param starts I64 [B], the first slot of each row, or of no elements if all are 0
   * @param cos [B, 1, d], as is {@code sin}
   * @param cache [layers, 2, at least B, Hkv, T, d], changed in place at {@code slot}
   * @return final hidden states [B, D], after the last norm
   */
  public Tensor step(
      Sizes sizes, Tensor ids, Tensor starts, Tensor cos, Tensor sin, Tensor cache, long slot) {
    long perLayer = format == Format.FLOAT32 ? 7 : 4;
    return kernels.call(
        "step",
        ids,
        starts,
        cos,
        sin,
        cache,
        Tensors.of(new long[] {slot}),
        Tensors.of(
            new long[] {sizes.layers, sizes.heads, sizes.keyValueHeads, sizes.headWidth, perLayer}),
        Tensor.doubleArgument(sizes.normEps),
        Tensor.doubleArgument(sizes.attentionScale));
  }

  /**
   * How often each tensor was written to in place; a change of the number means other values. One
   * native call.
   */
  public static long[] versions(List<Tensor> tensors) {
    return Kernels.builtin().callLists("versions", List.of(tensors)).get(0).toLongs();
  }

  /** Frees the compressed copies. */
  @Override
  public void close() {
    kernels.close();
  }
}
