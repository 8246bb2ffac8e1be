package dev.temper.model;

import dev.temper.UserException;
import dev.temper.tensor.Nn;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The body of a model: embeddings, blocks, final norm, as its spec says. */
final class Transformer {
  private final ModelSpec spec;
  private final Embedding embedding;
  private final List<Block> blocks;
  private final @Nullable NormLayer finalNorm;
  private final @Nullable Linear outputProjection;

  Transformer(ModelSpec spec, Weights weights) {
    this.spec = spec;
    this.embedding = new Embedding(spec, weights);
    List<Block> made = new ArrayList<>();
    for (int i = 0; i < spec.layers(); i++) {
      made.add(
          new BlockAssembly(weights, spec.linearLayout(), spec.width(), i)
              .block(spec.blocks().get(i)));
    }
    this.blocks = List.copyOf(made);
    this.finalNorm =
        spec.finalNorm()
            .map(n -> weights.norm(n, weights.path(Slot.FINAL_NORM, 0, 0), spec.width()))
            .orElse(null);
    this.outputProjection =
        spec.embedding().width() == spec.width()
            ? null
            : weights.linear(
                weights.path(Slot.OUTPUT_PROJECTION, 0, 0),
                LinearLayout.OUT_IN,
                spec.width(),
                spec.embedding().width(),
                false);
  }

  ModelSpec spec() {
    return spec;
  }

  List<Block> blocks() {
    return blocks;
  }

  /** The token table. */
  Parameter tokens() {
    return embedding.tokens();
  }

  /** The norm after the last block. */
  Optional<NormLayer> finalNorm() {
    return Optional.ofNullable(finalNorm);
  }

  /** What an observer of a pass sees. */
  interface Observer {
    /** The rotated keys and the values of a layer, [N, Hkv, d] each. */
    default void keysAndValues(int layer, Tensor keys, Tensor values) {}

    /** What goes into block {@code layer} [N, D]. */
    default void input(int layer, Tensor stream) {}

    /** A router's scores [N, E]. */
    default void router(int layer, Tensor logits) {}
  }

  /** Sees nothing. */
  static final Observer NOBODY = new Observer() {};

  /**
   * Final hidden states.
   *
   * @param tokenTypes type of each token, or null where the model has none or all are 0
   * @param onEmbeddings applied to the embeddings [N, D]
   */
  Tensor run(
      TokenBatch batch,
      int @Nullable [] tokenTypes,
      UnaryOperator<Tensor> onEmbeddings,
      Observer observer) {
    Rotations rotations = Rotations.of(spec, batch);
    Tensor segments = Tensors.of(batch.segments().table(), batch.segments().count(), 4);
    Tensor x = onEmbeddings.apply(embedding.apply(batch.ids(), batch.positions(), tokenTypes));
    for (int i = 0; i < blocks.size(); i++) {
      int layer = i;
      Tensor in = x;
      observer.input(i, x);
      FeedForward.Output out =
          Scope.run(
              "layer " + i,
              () ->
                  blocks
                      .get(layer)
                      .forward(
                          in,
                          (a, q, k, v) -> {
                            Tensor key = rotations.rotate(a, k);
                            observer.keysAndValues(layer, key, v);
                            return attend(a, rotations.rotate(a, q), key, v, segments, batch);
                          }));
      x = out.value();
      out.routerLogits().ifPresent(logits -> observer.router(layer, logits));
    }
    return finish(x);
  }

  private static Tensor attend(
      AttentionSpec a, Tensor q, Tensor k, Tensor v, Tensor segments, TokenBatch batch) {
    Segments s = batch.segments();
    boolean bidirectional = a.visibility() instanceof Visibility.Bidirectional;
    if (bidirectional && Arrays.stream(s.prefixes()).anyMatch(p -> p >= 0)) {
      throw new UserException(
          "segments cannot share a prefix in a model that attends in both directions: the prefix"
              + " would have to see every branch");
    }
    int longest = 0;
    for (int i = 0; i < s.count(); i++) {
      longest = Math.max(longest, s.context(i));
    }
    int window =
        a.visibility() instanceof Visibility.Sliding w && w.window() < longest ? w.window() : 0;
    if (!bidirectional && window == 0 && a.softCap().isEmpty()) {
      return Nn.attention(q, k, v, segments, a.scale());
    }
    return Nn.attention(
        q, k, v, segments, a.scale(), !bidirectional, window, a.softCap().orElse(0));
  }

  /** What goes into each block, and at the end the final hidden states [N, D]. */
  List<Tensor> states(TokenBatch batch, int @Nullable [] tokenTypes) {
    List<Tensor> states = new ArrayList<>();
    states.add(
        run(
            batch,
            tokenTypes,
            UnaryOperator.identity(),
            new Observer() {
              @Override
              public void input(int layer, Tensor stream) {
                states.add(stream);
              }
            }));
    return List.copyOf(states);
  }

  /** Embeddings of single tokens at these positions [N, D]. */
  Tensor embed(int[] ids, int[] positions) {
    return embedding.apply(ids, positions, null);
  }

  /** From the last block's output to the head's input. */
  Tensor finish(Tensor x) {
    Tensor y = finalNorm == null ? x : finalNorm.apply(x);
    return outputProjection == null ? y : outputProjection.apply(y);
  }

  /** Every linear of every block. */
  List<Linear> linears() {
    return blocks.stream().flatMap(b -> b.linears().stream()).toList();
  }

  /** The vocabulary head of a language model. */
  Optional<Head> head(Weights weights) {
    if (!(spec.head() instanceof HeadSpec.LanguageModel lm)) {
      return Optional.empty();
    }
    Parameter weight =
        lm.tied()
            ? tokens()
            : weights.tensor(
                weights.path(Slot.HEAD, 0, 0) + ".weight",
                spec.vocabulary(),
                spec.embedding().width());
    return Optional.of(new Head(weight, lm.scale(), lm.softCap()));
  }
}
