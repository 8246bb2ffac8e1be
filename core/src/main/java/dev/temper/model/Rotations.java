package dev.temper.model;

import dev.temper.tensor.Nn;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/** cos and sin of a batch for every rotary embedding that the blocks of a model use. */
final class Rotations {
  private record Table(Tensor cos, Tensor sin) {}

  private final Map<Rope, Table> tables = new HashMap<>();

  private Rotations(ModelSpec spec, int tokens, Function<Rope, Rope.Angles> angles) {
    for (BlockSpec block : spec.blocks()) {
      block
          .attention()
          .rope()
          .ifPresent(
              rope ->
                  tables.computeIfAbsent(
                      rope,
                      r -> {
                        Rope.Angles a = angles.apply(r);
                        return new Table(
                            Tensors.of(a.cos(), tokens, 1, r.width()),
                            Tensors.of(a.sin(), tokens, 1, r.width()));
                      }));
    }
  }

  /** Of a flat batch. */
  static Rotations of(ModelSpec spec, TokenBatch batch) {
    return new Rotations(spec, batch.size(), r -> r.angles(batch));
  }

  /** Of single tokens, each the last of its sequence. */
  static Rotations of(ModelSpec spec, int[] positions) {
    return new Rotations(spec, positions.length, r -> r.angles(positions));
  }

  /** x [N, H, d] rotated as the layer asks for; unchanged where it asks for nothing. */
  Tensor rotate(AttentionSpec attention, Tensor x) {
    if (attention.rope().isEmpty()) {
      return x;
    }
    Table t = tables.get(attention.rope().get());
    if (t == null) {
      throw new IllegalStateException("no angles were made for " + attention.rope().get());
    }
    return Nn.rope(x, t.cos, t.sin);
  }
}
