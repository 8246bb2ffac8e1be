package dev.temper.tensor;

import ai.djl.pytorch.jni.JniUtils;
import ai.djl.pytorch.jni.LibUtils;
import dev.temper.UserException;
import java.util.Arrays;

/**
 * What the native engine is.
 *
 * @param name the engine, {@code PyTorch}
 * @param version its version
 * @param djlVersion the version of DJL, which calls it
 * @param natives the directory its libraries were loaded from
 * @param device where tensors live
 * @param threads threads of one native operation
 * @param packedWeights whether FBGEMM's packed half-precision weights work here (x86 processors
 *     with AVX2): decoding is slower without them
 * @param works whether a small product came out right
 */
public record EngineInfo(
    String name,
    String version,
    String djlVersion,
    String natives,
    String device,
    int threads,
    boolean packedWeights,
    boolean works) {
  private static final String PACK =
      """
        def pack(self: __torch__.Kernels, w: Tensor, x: Tensor, b: Tensor) -> Tensor:
          return torch.fbgemm_linear_fp16_weight_fp32_activation(x, torch.fbgemm_pack_gemm_matrix_fp16(w), b)
      """;

  /**
   * Loads the engine and tries a small matrix product.
   *
   * @throws dev.temper.UserException saying what to add to the class path if it cannot be loaded
   */
  public static EngineInfo load() {
    Engine engine = Engine.get();
    ai.djl.engine.Engine djl = engine.arena().getEngine();
    return new EngineInfo(
        djl.getEngineName(),
        djl.getVersion(),
        ai.djl.engine.Engine.getDjlVersion(),
        LibUtils.getLibtorchPath(),
        engine.device().toString(),
        JniUtils.getNumThreads(),
        packs(),
        multiplies());
  }

  private static boolean multiplies() {
    float[] product =
        Scope.run(
            "check",
            () ->
                Tensors.of(new float[] {1, 2, 3, 4}, 2, 2)
                    .matMul(Tensors.of(new float[] {1, 0, 0, 1}, 2, 2))
                    .toFloats());
    return Arrays.equals(product, new float[] {1, 2, 3, 4});
  }

  /** Asks by trying: the operations exist everywhere, but not every build or processor has them. */
  private static boolean packs() {
    try {
      float[] product =
          Scope.run(
              "check packed weights",
              () ->
                  Autograd.off(
                      () ->
                          Kernels.load(PACK)
                              .call(
                                  "pack",
                                  Tensors.of(new float[] {1, 2, 3, 4}, 2, 2),
                                  Tensors.of(new float[] {1, 1}, 1, 2),
                                  Tensors.of(new float[] {0, 0}, 2))
                              .toFloats()));
      return Arrays.equals(product, new float[] {3, 7});
    } catch (TensorException | UserException e) {
      return false;
    }
  }
}
