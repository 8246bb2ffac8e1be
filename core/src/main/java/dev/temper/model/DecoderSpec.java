package dev.temper.model;

/**
 * The architecture of a decoder as data; {@link Families} derives it from config.json.
 *
 * @param layers number of blocks
 * @param width D, size of the residual stream
 * @param heads query heads
 * @param keyValueHeads key and value heads; divides {@code heads}
 * @param headWidth d, independent of width / heads
 * @param inner width of the feed-forward part
 * @param vocabulary rows of the embedding
 * @param contextLength positions the model was made for ({@code max_position_embeddings})
 * @param tied whether the head is the embedding
 */
public record DecoderSpec(
    int layers,
    int width,
    int heads,
    int keyValueHeads,
    int headWidth,
    int inner,
    int vocabulary,
    int contextLength,
    double normEps,
    Rope rope,
    boolean attentionBias,
    boolean mlpBias,
    boolean tied) {
  /** Checks that sizes fit each other. */
  public DecoderSpec {
    if (layers < 1
        || width < 1
        || heads < 1
        || keyValueHeads < 1
        || headWidth < 2
        || inner < 1
        || vocabulary < 1) {
      throw new IllegalArgumentException(
          "all sizes must be positive: layers "
              + layers
              + ", width "
              + width
              + ", heads "
              + heads
              + ", key-value heads "
              + keyValueHeads
              + ", head width "
              + headWidth
              + ", inner "
              + inner
              + ", vocabulary "
              + vocabulary);
    }
    if (heads % keyValueHeads != 0) {
      throw new IllegalArgumentException(
          heads + " heads cannot share " + keyValueHeads + " key-value heads evenly");
    }
  }

  /** Factor on attention scores. */
  public double attentionScale() {
    return 1 / Math.sqrt(headWidth);
  }
}
