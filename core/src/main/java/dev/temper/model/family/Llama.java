package dev.temper.model.family;

import dev.temper.model.Activation;
import dev.temper.model.AttentionSpec;
import dev.temper.model.BlockSpec;
import dev.temper.model.Family;
import dev.temper.model.FeedForwardSpec;
import dev.temper.model.ModelConfig;
import dev.temper.model.ModelSpec;
import dev.temper.model.Names;
import dev.temper.model.NormPlacement;
import java.util.Collections;

/** Llama 2 and 3.x (Touvron et al. 2023), and what shares its shape, such as SmolLM2. */
final class Llama {
  private Llama() {}

  static Family family() {
    return new Family("llama", Llama::spec, Names.llama());
  }

  private static ModelSpec spec(ModelConfig c) {
    boolean bias = c.flag("attention_bias", false);
    AttentionSpec attention = Common.attention(c).biases(bias, bias).rope(c.rope());
    FeedForwardSpec feedForward =
        new FeedForwardSpec.Gated(
            c.integer("intermediate_size"),
            c.activation("hidden_act", Activation.SILU),
            c.flag("mlp_bias", false),
            false);
    BlockSpec block = new BlockSpec(attention, feedForward, Common.rmsNorm(c), NormPlacement.PRE);
    return Common.model(c, Collections.nCopies(c.layers("num_hidden_layers"), block), false);
  }
}
