package dev.temper.model.family;

import dev.temper.model.Activation;
import dev.temper.model.AttentionSpec;
import dev.temper.model.BlockSpec;
import dev.temper.model.EmbeddingSpec;
import dev.temper.model.FeedForwardSpec;
import dev.temper.model.HeadSpec;
import dev.temper.model.ModelConfig;
import dev.temper.model.ModelSpec;
import dev.temper.model.Norm;
import dev.temper.model.Visibility;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** What families that took Llama's config keys have in common. */
final class Common {
  private Common() {}

  /** Heads as the usual keys say; no biases, no positions. */
  static AttentionSpec attention(ModelConfig c) {
    int heads = c.integer("num_attention_heads");
    return AttentionSpec.of(heads, c.integer("num_key_value_heads", heads), c.headWidth());
  }

  static FeedForwardSpec.Gated gated(ModelConfig c) {
    return new FeedForwardSpec.Gated(
        c.integer("intermediate_size"), c.activation("hidden_act", Activation.SILU));
  }

  static Norm rmsNorm(ModelConfig c) {
    return new Norm.Rms(c.number("rms_norm_eps", 1e-6));
  }

  /** Qwen 2 and 3: layers from {@code max_window_layers} on slide, if any do. */
  static Visibility qwenReach(ModelConfig c, int layer) {
    boolean slides =
        c.flag("use_sliding_window", false) && layer >= c.integer("max_window_layers", 28);
    return c.visibility(c.sliding(layer, slides));
  }

  static List<BlockSpec> blocks(ModelConfig c, IntFunction<BlockSpec> block) {
    return IntStream.range(0, c.layers("num_hidden_layers")).mapToObj(block).toList();
  }

  /** A language model with token embeddings only and an RMS norm before its head. */
  static ModelSpec model(ModelConfig c, List<BlockSpec> blocks, boolean tiedUnlessSaid) {
    int width = c.integer("hidden_size");
    return ModelSpec.of(
        width,
        EmbeddingSpec.tokens(c.integer("vocab_size"), width),
        blocks,
        rmsNorm(c),
        new HeadSpec.LanguageModel(c.flag("tie_word_embeddings", tiedUnlessSaid)),
        c.integer("max_position_embeddings", 2048));
  }
}
