package dev.temper.model;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * Names of a family's modules in its files.
 *
 * @param body prefix of everything but the head, for example {@code "model."}; files of a bare
 *     {@code …Model} lack it, and both forms are read
 * @param block prefix of a block inside the body, {@code {layer}} standing for its index, for
 *     example {@code "layers.{layer}."}
 * @param modules name of each module without {@code .weight} or {@code .bias}, relative to the body
 *     or the block; {@code {expert}} stands for an expert's index
 */
public record Names(String body, String block, Map<Slot, String> modules) {
  /** Copies the map. */
  public Names {
    Map<Slot, String> copy = new EnumMap<>(Slot.class);
    copy.putAll(modules);
    modules = Collections.unmodifiableMap(copy);
  }

  /** No modules yet. */
  public static Names of(String body, String block) {
    return new Names(body, block, Map.of());
  }

  /** The names Llama uses, which most families share; {@link #with} changes single ones. */
  public static Names llama() {
    return of("model.", "layers.{layer}.")
        .with(Slot.TOKENS, "embed_tokens")
        .with(Slot.ATTENTION_NORM, "input_layernorm")
        .with(Slot.QUERY, "self_attn.q_proj")
        .with(Slot.KEY, "self_attn.k_proj")
        .with(Slot.VALUE, "self_attn.v_proj")
        .with(Slot.ATTENTION_OUTPUT, "self_attn.o_proj")
        .with(Slot.QUERY_NORM, "self_attn.q_norm")
        .with(Slot.KEY_NORM, "self_attn.k_norm")
        .with(Slot.FEED_FORWARD_NORM, "post_attention_layernorm")
        .with(Slot.GATE, "mlp.gate_proj")
        .with(Slot.UP, "mlp.up_proj")
        .with(Slot.DOWN, "mlp.down_proj")
        .with(Slot.FINAL_NORM, "norm")
        .with(Slot.HEAD, "lm_head")
        .with(Slot.CLASSIFIER, "score");
  }

  /** With a module named (again). */
  public Names with(Slot slot, String name) {
    Map<Slot, String> more = new EnumMap<>(Slot.class);
    more.putAll(modules);
    more.put(slot, name);
    return new Names(body, block, more);
  }

  /**
   * Full path of a module.
   *
   * @param layer index of the block, for slots of blocks
   * @param expert index of the expert, for slots of experts
   */
  String path(Slot slot, int layer, int expert) {
    String name = modules.get(slot);
    if (name == null) {
      throw new IllegalArgumentException(
          "the family's names lack " + slot + ", which its spec needs");
    }
    String full =
        switch (slot.place()) {
          case WHOLE -> name;
          case BODY -> body + name;
          case BLOCK, EXPERT -> body + block + name;
        };
    return full.replace("{layer}", Integer.toString(layer))
        .replace("{expert}", Integer.toString(expert));
  }
}
