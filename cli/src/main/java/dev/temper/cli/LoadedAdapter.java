package dev.temper.cli;

import dev.temper.efficiency.peft.Adapter;
import dev.temper.efficiency.peft.Adapters;
import dev.temper.model.CausalLm;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** An adapter if one was asked for. */
record LoadedAdapter(@Nullable Adapter adapter) implements AutoCloseable {
  static LoadedAdapter of(CausalLm model, @Nullable Path directory) {
    return new LoadedAdapter(directory == null ? null : Adapters.load(model, directory));
  }

  @Override
  public void close() {
    if (adapter != null) {
      adapter.close();
    }
  }
}
