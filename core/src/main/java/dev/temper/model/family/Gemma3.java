package dev.temper.model.family;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.model.AttentionSpec;
import dev.temper.model.Family;
import dev.temper.model.ModelConfig;
import dev.temper.model.ModelSpec;
import dev.temper.model.QueryKeyNorm;
import dev.temper.model.Rope;

/**
 * Gemma 3 text models (Gemma team 2025): local layers slide and rotate by another base than the
 * global ones; normalised queries and keys instead of soft-caps.
 */
final class Gemma3 {
  private Gemma3() {}

  static Family family() {
    return new Family("gemma3_text", Gemma3::spec, Gemma2.names());
  }

  private static ModelSpec spec(ModelConfig c) {
    AttentionSpec attention =
        Gemma2.attention(c).queryKeyNorm(new QueryKeyNorm.PerHead(Gemma2.norm(c)));
    int pattern = c.integer("sliding_window_pattern", 6);
    Rope global = rope(c, "full_attention", c.number("rope_theta", 1_000_000));
    Rope local = rope(c, "sliding_attention", c.number("rope_local_base_freq", 10_000));
    return Gemma2.model(
        c,
        Common.blocks(
            c,
            i -> {
              boolean slides = c.sliding(i, (i + 1) % pattern != 0);
              return Gemma2.block(
                  c, attention.rope(slides ? local : global).visibility(c.visibility(slides)));
            }),
        c.optionalNumber("final_logit_softcapping"));
  }

  private static Rope rope(ModelConfig c, String layers, double theta) {
    JsonNode said = c.json().path("rope_parameters").path(layers);
    // Before transformers 5 there was one object, and it applied to the global layers.
    JsonNode parameters =
        said.isObject() || !layers.equals("full_attention") ? said : c.json().path("rope_scaling");
    return c.rope(
        parameters, said.path("rope_theta").asDouble(theta), c.integer("head_dim", 256), 1);
  }
}
