package dev.temper.model;

import java.util.Optional;

/**
 * From token ids to the first block, as data: (tokens + positions + token types), scaled,
 * normalised.
 *
 * @param vocabulary rows of the token table
 * @param width columns of the token table; where it differs from the model's width a projection
 *     follows, and another precedes the head (OPT)
 * @param scale factor on the token embeddings (Gemma: √width)
 * @param positions a learned position table
 * @param tokenTypes rows of the token-type table; 0 for none
 * @param norm a norm on the sum (BERT)
 */
public record EmbeddingSpec(
    int vocabulary,
    int width,
    double scale,
    Optional<Positions> positions,
    int tokenTypes,
    Optional<Norm> norm) {
  /**
   * A table of learned positions.
   *
   * @param count positions there are
   * @param offset rows before that of position 0 (OPT: 2)
   */
  public record Positions(int count, int offset) {}

  /** Checks the sizes. */
  public EmbeddingSpec {
    if (vocabulary < 1 || width < 1) {
      throw new IllegalArgumentException(
          "vocabulary " + vocabulary + " and embedding width " + width + " must be positive");
    }
    if (tokenTypes < 0) {
      throw new IllegalArgumentException("token types: " + tokenTypes + " must not be negative");
    }
  }

  /** Only a token table. */
  public static EmbeddingSpec tokens(int vocabulary, int width) {
    return new EmbeddingSpec(vocabulary, width, 1, Optional.empty(), 0, Optional.empty());
  }

  /** With a factor on the token embeddings. */
  public EmbeddingSpec scale(double value) {
    return new EmbeddingSpec(vocabulary, width, value, positions, tokenTypes, norm);
  }

  /** With learned positions. */
  public EmbeddingSpec positions(int count, int offset) {
    return new EmbeddingSpec(
        vocabulary, width, scale, Optional.of(new Positions(count, offset)), tokenTypes, norm);
  }

  /** With token types. */
  public EmbeddingSpec tokenTypes(int count) {
    return new EmbeddingSpec(vocabulary, width, scale, positions, count, norm);
  }

  /** With a norm on the sum. */
  public EmbeddingSpec norm(Norm value) {
    return new EmbeddingSpec(vocabulary, width, scale, positions, tokenTypes, Optional.of(value));
  }
}
