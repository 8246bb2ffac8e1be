package dev.temper.tensor;

import ai.djl.pytorch.jni.JniUtils;

/** What the native engine is. */
public record EngineInfo(String name, String version, String device, int threads, boolean works) {
  /**
   * Loads the engine and tries a small matrix product.
   *
   * @throws dev.temper.UserException saying what to add to the class path if it cannot be loaded
   */
  public static EngineInfo load() {
    Engine engine = Engine.get();
    float[] product =
        Scope.run(
            "check",
            () ->
                Tensors.of(new float[] {1, 2, 3, 4}, 2, 2)
                    .matMul(Tensors.of(new float[] {1, 0, 0, 1}, 2, 2))
                    .toFloats());
    boolean works = java.util.Arrays.equals(product, new float[] {1, 2, 3, 4});
    ai.djl.engine.Engine djl = engine.arena().getEngine();
    return new EngineInfo(
        djl.getEngineName(),
        djl.getVersion(),
        engine.device().toString(),
        JniUtils.getNumThreads(),
        works);
  }
}
