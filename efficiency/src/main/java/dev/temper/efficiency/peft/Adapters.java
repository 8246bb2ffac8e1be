package dev.temper.efficiency.peft;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import dev.temper.checkpoint.AtomicFiles;
import dev.temper.model.Model;
import java.nio.file.Path;

/** Opens adapters saved by this library or by PEFT. */
public final class Adapters {
  private Adapters() {}

  /**
   * Freezes the model and attaches the adapter in {@code directory}: {@code adapter_config.json}
   * and {@code adapter_model.safetensors}. Its parameters are trainable (PEFT asks for {@code
   * is_trainable}); outside {@code Autograd.record} that costs nothing.
   *
   * @throws UserException if a file is missing or damaged, the adapter does not fit the model, or
   *     it uses a feature that is not supported; the message names the key or tensor
   */
  public static Adapter load(Model model, Path directory) {
    Path file = directory.resolve(PeftConfig.FILE);
    AtomicFiles.putInPlace(directory);
    ObjectNode config = PeftConfig.read(file);
    String type = PeftConfig.type(config, file);
    return switch (type) {
      case "LORA" -> LoraFiles.read(model, directory, config);
      default ->
          throw new UserException(
              file + ": peft_type '" + type + "' is not supported; supported: LORA");
    };
  }
}
