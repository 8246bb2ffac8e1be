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
import dev.temper.model.Visibility;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** BERT (Devlin et al. 2019): a bidirectional encoder that normalises after the residual. */
final class Bert {
  private Bert() {}

  static Family family() {
    Names names =
        Names.of("bert.", "encoder.layer.{layer}.")
            .with(Slot.TOKENS, "embeddings.word_embeddings")
            .with(Slot.POSITIONS, "embeddings.position_embeddings")
            .with(Slot.TOKEN_TYPES, "embeddings.token_type_embeddings")
            .with(Slot.EMBEDDING_NORM, "embeddings.LayerNorm")
            .with(Slot.QUERY, "attention.self.query")
            .with(Slot.KEY, "attention.self.key")
            .with(Slot.VALUE, "attention.self.value")
            .with(Slot.ATTENTION_OUTPUT, "attention.output.dense")
            .with(Slot.ATTENTION_OUTPUT_NORM, "attention.output.LayerNorm")
            .with(Slot.UP, "intermediate.dense")
            .with(Slot.DOWN, "output.dense")
            .with(Slot.FEED_FORWARD_OUTPUT_NORM, "output.LayerNorm")
            .with(Slot.POOLER, "pooler.dense")
            .with(Slot.CLASSIFIER, "classifier");
    return new Family("bert", Bert::spec, names, List.of("query", "value"));
  }

  private static ModelSpec spec(ModelConfig c) {
    String positions = c.text("position_embedding_type", "absolute");
    if (!positions.equals("absolute")) {
      throw c.error("position_embedding_type '" + positions + "' is not supported for bert");
    }
    if (c.flag("is_decoder", false)) {
      throw c.error("is_decoder is not supported for bert: it is read as an encoder");
    }
    int width = c.integer("hidden_size");
    int heads = c.integer("num_attention_heads");
    int context = c.integer("max_position_embeddings", 512);
    Norm norm = new Norm.Layer(c.number("layer_norm_eps", 1e-12));
    BlockSpec block =
        new BlockSpec(
            AttentionSpec.of(heads, heads, width / heads)
                .biases(true, true)
                .visibility(new Visibility.Bidirectional()),
            new FeedForwardSpec.Plain(
                c.integer("intermediate_size"), c.activation("hidden_act", Activation.GELU), true),
            norm,
            NormPlacement.POST);
    return new ModelSpec(
        width,
        EmbeddingSpec.tokens(c.integer("vocab_size"), width)
            .positions(context, 0)
            .tokenTypes(c.integer("type_vocab_size", 2))
            .norm(norm),
        Collections.nCopies(c.layers("num_hidden_layers"), block),
        Optional.empty(),
        new HeadSpec.Pooler(),
        LinearLayout.OUT_IN,
        context);
  }
}
