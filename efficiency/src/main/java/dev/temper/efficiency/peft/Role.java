package dev.temper.efficiency.peft;

import dev.temper.model.Block;
import dev.temper.model.Linear;
import java.util.List;

/** Part of a decoder block a linear layer belongs to. */
public enum Role {
  /** Queries, keys, values and the output projection. */
  ATTENTION,
  /** Gate, up and down projections of the feed-forward network. */
  MLP;

  List<Linear> of(Block block) {
    return switch (this) {
      case ATTENTION -> List.of(block.q(), block.k(), block.v(), block.o());
      case MLP -> List.of(block.gate(), block.up(), block.down());
    };
  }
}
