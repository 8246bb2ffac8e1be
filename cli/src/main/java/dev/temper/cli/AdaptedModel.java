package dev.temper.cli;

import dev.temper.efficiency.peft.Adapter;
import dev.temper.model.CausalLm;
import org.jspecify.annotations.Nullable;

/** A model and the adapter on it, closed together. */
record AdaptedModel(CausalLm model, @Nullable Adapter adapter) implements AutoCloseable {
  @Override
  public void close() {
    if (adapter != null) {
      adapter.close();
    }
    model.close();
  }
}
