package dev.temper.model;

import java.util.List;
import java.util.Optional;

/**
 * The architecture of a transformer as data; a {@link Family} derives it from config.json.
 *
 * <p>One implementation runs every spec: decoders and encoders, dense blocks and mixtures of
 * experts, every layer with its own reach, positions and feed-forward network.
 *
 * @param width D, size of the residual stream
 * @param embedding from token ids to the stream
 * @param blocks one spec for each layer
 * @param finalNorm norm after the last block
 * @param head what the pretrained model ends in
 * @param linearLayout how the weights of the blocks' linears lie in the file
 * @param contextLength positions the model was made for ({@code max_position_embeddings})
 */
public record ModelSpec(
    int width,
    EmbeddingSpec embedding,
    List<BlockSpec> blocks,
    Optional<Norm> finalNorm,
    HeadSpec head,
    LinearLayout linearLayout,
    int contextLength) {
  static final int MAX_LAYERS = 10_000;

  /** Checks that sizes fit each other. */
  public ModelSpec {
    blocks = List.copyOf(blocks);
    if (width < 1 || contextLength < 1 || blocks.isEmpty() || blocks.size() > MAX_LAYERS) {
      throw new IllegalArgumentException(
          "all sizes must be positive and layers at most "
              + MAX_LAYERS
              + ": layers "
              + blocks.size()
              + ", width "
              + width
              + ", context length "
              + contextLength);
    }
  }

  /** A language model with a norm before its head and weights [out, in]. */
  public static ModelSpec of(
      int width,
      EmbeddingSpec embedding,
      List<BlockSpec> blocks,
      Norm finalNorm,
      HeadSpec head,
      int contextLength) {
    return new ModelSpec(
        width, embedding, blocks, Optional.of(finalNorm), head, LinearLayout.OUT_IN, contextLength);
  }

  /** Number of blocks. */
  public int layers() {
    return blocks.size();
  }

  /** Rows of the token table. */
  public int vocabulary() {
    return embedding.vocabulary();
  }

  /** Whether some block attends in both directions, so that sequences cannot share a prefix. */
  public boolean bidirectional() {
    return blocks.stream()
        .anyMatch(b -> b.attention().visibility() instanceof Visibility.Bidirectional);
  }

  /** Whether the head is the token table. */
  public boolean tied() {
    return head instanceof HeadSpec.LanguageModel lm && lm.tied();
  }
}
