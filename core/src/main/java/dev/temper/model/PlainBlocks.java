package dev.temper.model;

/**
 * Which models {@link dev.temper.tensor.DecodeKernels#step} computes exactly: pre-norm blocks with
 * RMS norms, rotary embedding of whole heads, SiLU gates and grouped queries. Whoever adds a
 * property to blocks excludes it here.
 */
final class PlainBlocks {
  private PlainBlocks() {}

  static boolean all(CausalLm model) {
    return model.spec().rope().width() == model.spec().headWidth()
        && model.spec().headWidth() % 2 == 0;
  }
}
