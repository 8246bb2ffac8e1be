package dev.temper.model;

/**
 * One block as data.
 *
 * @param norm kind of all its norms
 * @param placement where they stand
 * @param residualScale factor on what attention and feed-forward add to the stream; 1 for most
 */
public record BlockSpec(
    AttentionSpec attention,
    FeedForwardSpec feedForward,
    Norm norm,
    NormPlacement placement,
    double residualScale) {
  /** A block that adds its parts unscaled. */
  public BlockSpec(
      AttentionSpec attention, FeedForwardSpec feedForward, Norm norm, NormPlacement placement) {
    this(attention, feedForward, norm, placement, 1);
  }

  /** With another factor on the residual parts. */
  public BlockSpec residualScale(double value) {
    return new BlockSpec(attention, feedForward, norm, placement, value);
  }
}
