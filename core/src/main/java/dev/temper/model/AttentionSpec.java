package dev.temper.model;

import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The attention of one block as data. Start from {@link #of} and change what differs.
 *
 * @param heads query heads
 * @param keyValueHeads key and value heads; divides {@code heads}
 * @param headWidth d, independent of the model's width
 * @param projections layout of the query, key and value projections
 * @param inputBias whether those have biases
 * @param outputBias whether the output projection has a bias
 * @param queryKeyNorm normalisation of queries and keys
 * @param rope rotary positions; empty for a layer without (NoPE, learned positions)
 * @param visibility what a token attends to
 * @param scale factor on the scores, usually 1/√d
 * @param softCap c of c · tanh(score / c), applied before the mask; empty for none
 */
public record AttentionSpec(
    int heads,
    int keyValueHeads,
    int headWidth,
    Projections projections,
    boolean inputBias,
    boolean outputBias,
    QueryKeyNorm queryKeyNorm,
    Optional<Rope> rope,
    Visibility visibility,
    double scale,
    OptionalDouble softCap) {
  /** Checks that sizes fit each other. */
  public AttentionSpec {
    if (heads < 1 || keyValueHeads < 1 || headWidth < 1) {
      throw new IllegalArgumentException(
          "all sizes must be positive: heads "
              + heads
              + ", key-value heads "
              + keyValueHeads
              + ", head width "
              + headWidth);
    }
    if (heads % keyValueHeads != 0) {
      throw new IllegalArgumentException(
          heads + " heads cannot share " + keyValueHeads + " key-value heads evenly");
    }
    if (rope.isPresent() && rope.get().width() > headWidth) {
      throw new IllegalArgumentException(
          "rope rotates " + rope.get().width() + " entries of heads of width " + headWidth);
    }
    if (!(scale > 0)) {
      throw new IllegalArgumentException("attention scale: " + scale + " must be positive");
    }
    if (softCap.isPresent() && !(softCap.getAsDouble() > 0)) {
      throw new IllegalArgumentException(
          "attention soft-cap: " + softCap.getAsDouble() + " must be positive");
    }
  }

  /** Causal attention with separate projections, no biases, no positions, scale 1/√d. */
  public static AttentionSpec of(int heads, int keyValueHeads, int headWidth) {
    return new AttentionSpec(
        heads,
        keyValueHeads,
        headWidth,
        Projections.SEPARATE,
        false,
        false,
        new QueryKeyNorm.None(),
        Optional.empty(),
        new Visibility.Causal(),
        1 / Math.sqrt(Math.max(headWidth, 1)),
        OptionalDouble.empty());
  }

  /** With another layout of the projections. */
  public AttentionSpec projections(Projections value) {
    return new AttentionSpec(
        heads,
        keyValueHeads,
        headWidth,
        value,
        inputBias,
        outputBias,
        queryKeyNorm,
        rope,
        visibility,
        scale,
        softCap);
  }

  /** With or without biases on queries, keys and values, and on the output. */
  public AttentionSpec biases(boolean input, boolean output) {
    return new AttentionSpec(
        heads,
        keyValueHeads,
        headWidth,
        projections,
        input,
        output,
        queryKeyNorm,
        rope,
        visibility,
        scale,
        softCap);
  }

  /** With queries and keys normalised. */
  public AttentionSpec queryKeyNorm(QueryKeyNorm value) {
    return new AttentionSpec(
        heads,
        keyValueHeads,
        headWidth,
        projections,
        inputBias,
        outputBias,
        value,
        rope,
        visibility,
        scale,
        softCap);
  }

  /** With rotary positions. */
  public AttentionSpec rope(Rope value) {
    return new AttentionSpec(
        heads,
        keyValueHeads,
        headWidth,
        projections,
        inputBias,
        outputBias,
        queryKeyNorm,
        Optional.of(value),
        visibility,
        scale,
        softCap);
  }

  /** With another reach. */
  public AttentionSpec visibility(Visibility value) {
    return new AttentionSpec(
        heads,
        keyValueHeads,
        headWidth,
        projections,
        inputBias,
        outputBias,
        queryKeyNorm,
        rope,
        value,
        scale,
        softCap);
  }

  /** With another factor on the scores. */
  public AttentionSpec scale(double value) {
    return new AttentionSpec(
        heads,
        keyValueHeads,
        headWidth,
        projections,
        inputBias,
        outputBias,
        queryKeyNorm,
        rope,
        visibility,
        value,
        softCap);
  }

  /** With soft-capped scores. */
  public AttentionSpec softCap(OptionalDouble value) {
    return new AttentionSpec(
        heads,
        keyValueHeads,
        headWidth,
        projections,
        inputBias,
        outputBias,
        queryKeyNorm,
        rope,
        visibility,
        scale,
        value);
  }

  /** Width of all queries together. */
  int queryWidth() {
    return heads * headWidth;
  }

  /** Width of all keys together, and of all values. */
  int keyWidth() {
    return keyValueHeads * headWidth;
  }
}
