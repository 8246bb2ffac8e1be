package dev.temper.tensor;

/** Counts native arrays, to prove that nothing leaks. */
public final class Census {
  private Census() {}

  /**
   * Number of native arrays alive now: tensors of open scopes, parameters and graphs' staged
   * tensors. Loads the engine.
   */
  public static int liveArrays() {
    return Engine.get().liveArrays();
  }
}
