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
import java.util.List;

/** SmolLM3: every fourth layer, or those of {@code no_rope_layers}, has no positions. */
final class SmolLm3 {
  private SmolLm3() {}

  static Family family() {
    return new Family("smollm3", SmolLm3::spec, Names.llama());
  }

  private static ModelSpec spec(ModelConfig c) {
    boolean bias = c.flag("attention_bias", false);
    AttentionSpec plain = Common.attention(c).biases(bias, bias);
    int interval = c.integer("no_rope_layer_interval", 4);
    // The key says which layers HAVE rotary positions, in spite of its name.
    List<Integer> rotated = c.integers("no_rope_layers", List.of());
    FeedForwardSpec feedForward =
        new FeedForwardSpec.Gated(
            c.integer("intermediate_size"),
            c.activation("hidden_act", Activation.SILU),
            c.flag("mlp_bias", false),
            false);
    return Common.model(
        c,
        Common.blocks(
            c,
            i -> {
              boolean rotates = i < rotated.size() ? rotated.get(i) != 0 : (i + 1) % interval != 0;
              boolean slides = c.sliding(i, c.flag("use_sliding_window", false) && !rotates);
              AttentionSpec attention = rotates ? plain.rope(c.rope()) : plain;
              return new BlockSpec(
                  attention.visibility(c.visibility(slides)),
                  feedForward,
                  Common.rmsNorm(c),
                  NormPlacement.PRE);
            }),
        true);
  }
}
