package dev.temper.model;

import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/**
 * A family of models: how its config.json becomes a {@link ModelSpec}, and what its files call the
 * parts. There is no class per family, only such values.
 *
 * @param type {@code model_type} of config.json
 * @param spec the architecture of a config; throws {@link IllegalArgumentException} (or a {@link
 *     dev.temper.UserException}) for a config it does not understand
 * @param names names of the modules
 * @param adapterTargets suffixes of the linears that PEFT adapts in this family when nothing is
 *     said
 */
public record Family(
    String type, Function<ModelConfig, ModelSpec> spec, Names names, List<String> adapterTargets) {
  /** Checks that nothing is missing. */
  public Family {
    Objects.requireNonNull(spec, "spec");
    Objects.requireNonNull(names, "names");
    adapterTargets = List.copyOf(adapterTargets);
    if (type.isBlank() || adapterTargets.isEmpty()) {
      throw new IllegalArgumentException(
          "a family needs the model_type of its config.json and at least one adapter target");
    }
  }

  /** A family whose adapters go to {@code q_proj} and {@code v_proj}. */
  public Family(String type, Function<ModelConfig, ModelSpec> spec, Names names) {
    this(type, spec, names, List.of("q_proj", "v_proj"));
  }

  /**
   * Families of another jar, found by {@link java.util.ServiceLoader}: name the implementing class
   * in {@code META-INF/services/dev.temper.model.Family$Provider}.
   */
  public interface Provider {
    /** The families. */
    List<Family> families();
  }
}
