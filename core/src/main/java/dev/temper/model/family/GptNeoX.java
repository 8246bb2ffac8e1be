package dev.temper.model.family;

import dev.temper.model.Activation;
import dev.temper.model.AttentionSpec;
import dev.temper.model.BlockSpec;
import dev.temper.model.EmbeddingSpec;
import dev.temper.model.Family;
import dev.temper.model.FeedForwardSpec;
import dev.temper.model.HeadSpec;
import dev.temper.model.ModelConfig;
import dev.temper.model.ModelSpec;
import dev.temper.model.Names;
import dev.temper.model.Norm;
import dev.temper.model.NormPlacement;
import dev.temper.model.Projections;
import dev.temper.model.Slot;
import java.util.Collections;
import java.util.List;

/**
 * GPT-NeoX and Pythia (Black et al. 2022): heads rotated in part, attention and feed-forward beside
 * each other, projections interleaved by head.
 */
final class GptNeoX {
  private GptNeoX() {}

  static Family family() {
    Names names =
        Names.of("gpt_neox.", "layers.{layer}.")
            .with(Slot.TOKENS, "embed_in")
            .with(Slot.ATTENTION_NORM, "input_layernorm")
            .with(Slot.QUERY_KEY_VALUE, "attention.query_key_value")
            .with(Slot.ATTENTION_OUTPUT, "attention.dense")
            .with(Slot.FEED_FORWARD_NORM, "post_attention_layernorm")
            .with(Slot.UP, "mlp.dense_h_to_4h")
            .with(Slot.DOWN, "mlp.dense_4h_to_h")
            .with(Slot.FINAL_NORM, "final_layer_norm")
            .with(Slot.HEAD, "embed_out")
            .with(Slot.CLASSIFIER, "score");
    return new Family("gpt_neox", GptNeoX::spec, names, List.of("query_key_value"));
  }

  private static ModelSpec spec(ModelConfig c) {
    int width = c.integer("hidden_size");
    int heads = c.integer("num_attention_heads");
    boolean bias = c.flag("attention_bias", true);
    Norm norm = new Norm.Layer(c.number("layer_norm_eps", 1e-5));
    BlockSpec block =
        new BlockSpec(
            AttentionSpec.of(heads, heads, width / heads)
                .projections(Projections.INTERLEAVED)
                .biases(bias, bias)
                .rope(c.rope(width / heads, 0.25)),
            new FeedForwardSpec.Plain(
                c.integer("intermediate_size"), c.activation("hidden_act", Activation.GELU), true),
            norm,
            c.flag("use_parallel_residual", true) ? NormPlacement.PARALLEL : NormPlacement.PRE);
    return ModelSpec.of(
        width,
        EmbeddingSpec.tokens(c.integer("vocab_size"), width),
        Collections.nCopies(c.layers("num_hidden_layers"), block),
        norm,
        new HeadSpec.LanguageModel(c.flag("tie_word_embeddings", false)),
        c.integer("max_position_embeddings", 2048));
  }
}
