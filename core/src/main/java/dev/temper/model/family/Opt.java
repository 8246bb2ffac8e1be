package dev.temper.model.family;

import dev.temper.model.Activation;
import dev.temper.model.AttentionSpec;
import dev.temper.model.BlockSpec;
import dev.temper.model.EmbeddingSpec;
import dev.temper.model.Family;
import dev.temper.model.FeedForwardSpec;
import dev.temper.model.HeadSpec;
import dev.temper.model.LinearLayout;
import dev.temper.model.ModelConfig;
import dev.temper.model.ModelSpec;
import dev.temper.model.Names;
import dev.temper.model.Norm;
import dev.temper.model.NormPlacement;
import dev.temper.model.Slot;
import java.util.Collections;
import java.util.Optional;

/**
 * OPT (Zhang et al. 2022): learned positions that start at row 2, ReLU; small models normalise
 * after the residual, and one has narrower token embeddings.
 */
final class Opt {
  private Opt() {}

  static Family family() {
    Names names =
        Names.of("model.decoder.", "layers.{layer}.")
            .with(Slot.TOKENS, "embed_tokens")
            .with(Slot.POSITIONS, "embed_positions")
            .with(Slot.EMBEDDING_PROJECTION, "project_in")
            .with(Slot.ATTENTION_NORM, "self_attn_layer_norm")
            .with(Slot.ATTENTION_OUTPUT_NORM, "self_attn_layer_norm")
            .with(Slot.QUERY, "self_attn.q_proj")
            .with(Slot.KEY, "self_attn.k_proj")
            .with(Slot.VALUE, "self_attn.v_proj")
            .with(Slot.ATTENTION_OUTPUT, "self_attn.out_proj")
            .with(Slot.FEED_FORWARD_NORM, "final_layer_norm")
            .with(Slot.FEED_FORWARD_OUTPUT_NORM, "final_layer_norm")
            .with(Slot.UP, "fc1")
            .with(Slot.DOWN, "fc2")
            .with(Slot.FINAL_NORM, "final_layer_norm")
            .with(Slot.OUTPUT_PROJECTION, "project_out")
            .with(Slot.HEAD, "lm_head")
            .with(Slot.CLASSIFIER, "score");
    return new Family("opt", Opt::spec, names);
  }

  private static ModelSpec spec(ModelConfig c) {
    int width = c.integer("hidden_size");
    int heads = c.integer("num_attention_heads");
    int context = c.integer("max_position_embeddings", 2048);
    boolean bias = c.flag("enable_bias", true);
    boolean before = c.flag("do_layer_norm_before", true);
    if (!c.flag("layer_norm_elementwise_affine", true)) {
      throw c.error("layer norms without weights are not supported for opt");
    }
    Norm norm = new Norm.Layer(1e-5);
    BlockSpec block =
        new BlockSpec(
            AttentionSpec.of(heads, heads, width / heads).biases(bias, bias),
            new FeedForwardSpec.Plain(
                c.integer("ffn_dim"), c.activation("activation_function", Activation.RELU), bias),
            norm,
            before ? NormPlacement.PRE : NormPlacement.POST);
    boolean ends = before && !c.flag("_remove_final_layer_norm", false);
    return new ModelSpec(
        width,
        EmbeddingSpec.tokens(c.integer("vocab_size"), c.integer("word_embed_proj_dim", width))
            .positions(context, 2),
        Collections.nCopies(c.layers("num_hidden_layers"), block),
        ends ? Optional.of(norm) : Optional.empty(),
        new HeadSpec.LanguageModel(c.flag("tie_word_embeddings", true)),
        LinearLayout.OUT_IN,
        context);
  }
}
