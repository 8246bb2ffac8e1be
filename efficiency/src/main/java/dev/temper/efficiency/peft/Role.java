package dev.temper.efficiency.peft;

import dev.temper.model.Block;
import dev.temper.model.Linear;
import java.util.List;

/** Part of a decoder block a linear layer belongs to. */
public enum Role {
  /** Queries, keys, values (or one fused projection) and the output projection. */
  ATTENTION,
  /** The linears of the feed-forward network; those of every expert, but never the router. */
  MLP;

  List<Linear> of(Block block) {
    return switch (this) {
      case ATTENTION -> block.attentionLinears();
      case MLP -> block.feedForwardLinears();
    };
  }
}
