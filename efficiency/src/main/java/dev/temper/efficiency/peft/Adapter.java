package dev.temper.efficiency.peft;

import dev.temper.tensor.Parameter;
import dev.temper.train.Switch;
import dev.temper.train.Trainable;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A few trainable parameters attached to a frozen model.
 *
 * <p>It is used by one thread at a time, like its model, and belongs to whoever attached it: close
 * it before the model.
 *
 * <pre>{@code
 * try (CausalLm model = CausalLm.load(dir);
 *     Adapter lora = Lora.rank(16).alpha(32).targets(Targets.allLinear()).attach(model)) {
 *   … train …
 *   lora.save(Path.of("adapter"));
 *   lora.merge();
 *   model.save(Path.of("merged"));
 * }
 * }</pre>
 */
public interface Adapter extends Trainable, Switch, AutoCloseable {
  /** The adapter's own parameters, under their names in a PEFT file. */
  @Override
  List<Parameter> parameters();

  /** Whether the model's outputs include the adapter now, applied or merged. */
  boolean isEnabled();

  /**
   * The model computes as if there were no adapter.
   *
   * @throws IllegalStateException if merged: the weights then contain the adapter
   */
  void disable();

  /** Undoes {@link #disable}. */
  void enable();

  /**
   * Runs {@code body} with the adapter off: the reference policy of preference losses at no cost in
   * memory.
   */
  @Override
  <T extends @Nullable Object> T disabled(Supplier<T> body);

  /**
   * Folds the adapter into the model's weights: no cost at inference, and {@code model.save} writes
   * the result. Followed by {@link #detach} this is PEFT's merge_and_unload.
   *
   * @throws IllegalStateException if merged already, disabled or detached
   */
  void merge();

  /**
   * Takes the adapter out of the weights again, up to rounding (about 1e-7 of a weight for each
   * cycle).
   *
   * @throws IllegalStateException if not merged
   */
  void unmerge();

  /** Whether the weights contain the adapter. */
  boolean isMerged();

  /**
   * Removes the adapter from the model; merged weights stay merged. The parameters remain readable
   * until {@link #close}. Does nothing if already detached.
   *
   * @throws IllegalStateException if another adapter was attached on top, which has to go first
   */
  void detach();

  /**
   * Writes {@code adapter_config.json} and {@code adapter_model.safetensors} in PEFT's format, each
   * atomically.
   */
  void save(Path directory);

  /** Detaches and frees the parameters. */
  @Override
  void close();
}
