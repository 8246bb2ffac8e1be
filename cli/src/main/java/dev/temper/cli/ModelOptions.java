package dev.temper.cli;

import dev.temper.model.CausalLm;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The model a command works on. */
final class ModelOptions {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "Hugging Face model directory")
  @Nullable Path model;

  Path directory() {
    return Given.of(model, "--model");
  }

  /** The model; a tokenizer that does not fit it is refused here, not in the middle of the work. */
  CausalLm load() {
    CausalLm loaded = CausalLm.load(directory());
    try {
      if (loaded.hasTokenizer()) {
        loaded.tokenizer();
      }
      return loaded;
    } catch (RuntimeException e) {
      loaded.close();
      throw e;
    }
  }
}
