package dev.temper.cli;

import dev.temper.efficiency.peft.Adapters;
import dev.temper.model.CausalLm;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A model to use, with an adapter on top if one is given. */
final class AdaptedModelOptions {
  @Mixin final ModelOptions base = new ModelOptions();

  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description = "PEFT adapter directory, put on top of the model")
  @Nullable Path adapter;

  AdaptedModel load() {
    CausalLm model = base.load();
    try {
      return new AdaptedModel(model, adapter == null ? null : Adapters.load(model, adapter));
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }
}
