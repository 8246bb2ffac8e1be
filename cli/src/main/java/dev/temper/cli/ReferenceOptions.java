package dev.temper.cli;

import dev.temper.UserException;
import dev.temper.alignment.Reference;
import dev.temper.efficiency.peft.Adapter;
import dev.temper.model.CausalLm;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What the policy is compared with. */
final class ReferenceOptions {
  private static final String NONE = "none";
  private static final String ADAPTER_OFF = "adapter-off";
  private static final String PRECOMPUTED = "precomputed";

  @Option(
      names = "--reference",
      paramLabel = "none|adapter-off|precomputed|DIR",
      description =
          "Policy to compare with: the model without its adapter, its log-probabilities computed"
              + " before training, or a model directory (default: the model before training)")
  @Nullable String reference;

  /** Fails before anything is loaded if it does not fit the rest. */
  void check(boolean adapter, boolean needed) {
    if (ADAPTER_OFF.equals(reference) && !adapter) {
      throw new UserException("--reference adapter-off: no adapter is trained; give --peft too");
    }
    if (NONE.equals(reference) && needed) {
      throw new UserException(
          "--reference none: this --loss compares with a reference; leave the option out, or choose"
              + " cpo, simpo or orpo");
    }
  }

  /** The model in the directory that was named, to be closed by the caller; empty if none was. */
  Optional<CausalLm> load() {
    return names(NONE) || names(ADAPTER_OFF) || names(PRECOMPUTED) || reference == null
        ? Optional.empty()
        : Optional.of(CausalLm.load(Path.of(reference)));
  }

  /** Whether nothing was said. */
  boolean isDefault() {
    return reference == null;
  }

  boolean isPrecomputed() {
    return names(PRECOMPUTED);
  }

  /** The reference to give the trainer; empty leaves it to the trainer. */
  Optional<Reference> of(Optional<CausalLm> loaded, @Nullable Adapter adapter) {
    if (loaded.isPresent()) {
      return loaded.map(Reference::model);
    }
    if (names(PRECOMPUTED)) {
      return Optional.of(Reference.precomputed());
    }
    return names(ADAPTER_OFF) && adapter != null
        ? Optional.of(Reference.without(adapter))
        : Optional.empty();
  }

  private boolean names(String value) {
    return value.equals(reference);
  }
}
