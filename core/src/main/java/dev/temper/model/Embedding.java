package dev.temper.model;

import dev.temper.UserException;
import dev.temper.tensor.Nn;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** From token ids to the first block. */
final class Embedding {
  private final EmbeddingSpec spec;
  private final Parameter tokens;
  private final @Nullable Parameter positions;
  private final @Nullable Parameter types;
  private final @Nullable NormLayer norm;
  private final @Nullable Linear projection;

  Embedding(ModelSpec model, Weights weights) {
    this.spec = model.embedding();
    int width = model.width();
    this.tokens =
        weights.tensor(
            weights.path(Slot.TOKENS, 0, 0) + ".weight", spec.vocabulary(), spec.width());
    this.positions =
        spec.positions()
            .map(
                p ->
                    weights.tensor(
                        weights.path(Slot.POSITIONS, 0, 0) + ".weight",
                        (long) p.count() + p.offset(),
                        width))
            .orElse(null);
    this.types =
        spec.tokenTypes() == 0
            ? null
            : weights.tensor(
                weights.path(Slot.TOKEN_TYPES, 0, 0) + ".weight", spec.tokenTypes(), width);
    this.norm =
        spec.norm()
            .map(n -> weights.norm(n, weights.path(Slot.EMBEDDING_NORM, 0, 0), width))
            .orElse(null);
    this.projection =
        spec.width() == width
            ? null
            : weights.linear(
                weights.path(Slot.EMBEDDING_PROJECTION, 0, 0),
                LinearLayout.OUT_IN,
                spec.width(),
                width,
                false);
  }

  Parameter tokens() {
    return tokens;
  }

  /**
   * Embeddings [N, D].
   *
   * @param tokenTypes type of each token, or null for 0 everywhere
   */
  Tensor apply(int[] ids, int[] at, int @Nullable [] tokenTypes) {
    requireBelow(spec.vocabulary(), "token id", "the vocabulary of " + spec.vocabulary(), ids);
    Tensor x = Nn.embedding(tokens.value(), Tensors.ofInts(ids));
    if (spec.scale() != 1) {
      x = x.mul(spec.scale());
    }
    if (projection != null) {
      x = projection.apply(x);
    }
    if (positions != null && spec.positions().isPresent()) {
      EmbeddingSpec.Positions p = spec.positions().get();
      requireBelow(p.count(), "position", "the " + p.count() + " positions of the model", at);
      int[] rows = Arrays.stream(at).map(i -> i + p.offset()).toArray();
      x = x.add(Nn.embedding(positions.value(), Tensors.ofInts(rows)));
    }
    if (types != null) {
      int[] rows = tokenTypes == null ? new int[ids.length] : tokenTypes;
      requireBelow(spec.tokenTypes(), "token type", "the " + spec.tokenTypes() + " types", rows);
      x = x.add(Nn.embedding(types.value(), Tensors.ofInts(rows)));
    } else if (tokenTypes != null && Arrays.stream(tokenTypes).anyMatch(t -> t != 0)) {
      throw new UserException("this model has no token types, but some were given");
    }
    return norm == null ? x : norm.apply(x);
  }

  private static void requireBelow(int count, String what, String of, int[] values) {
    for (int i = 0; i < values.length; i++) {
      if (values[i] < 0 || values[i] >= count) {
        throw new UserException(what + " " + values[i] + " at place " + i + " is outside " + of);
      }
    }
  }
}
