package dev.temper.efficiency.peft;

import dev.temper.model.Linear;
import dev.temper.model.Model;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * An adapter made of one {@link LayerAdapter} for each adapted layer. Methods differ in their
 * layers and in what {@code save} writes.
 */
public final class LinearAdapter implements Adapter {
  /** A decorated layer: what was there before, and what this adapter put in its place. */
  private record Slot(LayerAdapter layer, Linear.Op before, Linear.Op mine) {}

  private final List<LayerAdapter> layers;
  private final Consumer<Path> writer;
  private final List<Slot> slots = new ArrayList<>();
  private boolean enabled = true;
  private boolean merged;
  private @Nullable Rng dropout;

  private LinearAdapter(List<LayerAdapter> layers, Consumer<Path> writer) {
    this.layers = List.copyOf(layers);
    this.writer = writer;
  }

  /**
   * Freezes the model and attaches {@code layers} to it, trainable.
   *
   * @param layers owned by the adapter from here on
   * @param writer writes the files of a PEFT adapter into a directory
   */
  public static LinearAdapter attach(
      Model model, List<? extends LayerAdapter> layers, Consumer<Path> writer) {
    model.freeze();
    LinearAdapter adapter = new LinearAdapter(List.copyOf(layers), writer);
    adapter.parameters().forEach(p -> p.setTrainable(true));
    adapter.layers.forEach(adapter::decorate);
    return adapter;
  }

  private void decorate(LayerAdapter layer) {
    Linear linear = layer.linear();
    Linear.Op before = linear.op();
    Linear.Op mine = new Adapted(layer, before);
    linear.decorate(op -> mine);
    slots.add(new Slot(layer, before, mine));
  }

  /** The layer with its adapter while that is on, and without it otherwise. */
  private final class Adapted implements Linear.Op {
    private final LayerAdapter layer;
    private final Linear.Op before;

    Adapted(LayerAdapter layer, Linear.Op before) {
      this.layer = layer;
      this.before = before;
    }

    @Override
    public Tensor apply(Tensor x) {
      return enabled && !merged
          ? layer.forward(before, x, dropoutOf(layer.linear()))
          : before.apply(x);
    }

    @Override
    public Linear.@Nullable Product product() {
      Linear.Product base = before.product();
      if (base == null || !enabled || merged) {
        return base;
      }
      List<Tensor> sources = new ArrayList<>(base.sources());
      layer.parameters().forEach(p -> sources.add(p.value()));
      return new Linear.Product(sources, () -> layer.merged(base.weight().get()));
    }
  }

  private @Nullable Rng dropoutOf(Linear linear) {
    return dropout == null ? null : dropout.split(linear.name());
  }

  /** The adapted layers, in the model's order. */
  public List<LayerAdapter> layers() {
    return layers;
  }

  @Override
  public List<Parameter> parameters() {
    return layers.stream().flatMap(l -> l.parameters().stream()).toList();
  }

  /**
   * Dropout is on until {@link #evaluationMode}, its masks a function of {@code rng} and the layer:
   * recomputing a block gives them again.
   */
  @Override
  public void beginMicroBatch(Rng rng) {
    if (merged) {
      throw new IllegalStateException("a merged adapter cannot be trained: unmerge() first");
    }
    dropout = rng;
  }

  @Override
  public void evaluationMode() {
    dropout = null;
  }

  @Override
  public boolean isEnabled() {
    return enabled && (merged || !slots.isEmpty());
  }

  @Override
  public void disable() {
    if (merged) {
      throw new IllegalStateException(
          "the adapter is merged into the weights and cannot be switched off: unmerge() first");
    }
    enabled = false;
  }

  @Override
  public void enable() {
    enabled = true;
  }

  @Override
  public <T extends @Nullable Object> T disabled(Supplier<T> body) {
    boolean earlier = enabled;
    disable();
    try {
      return body.get();
    } finally {
      enabled = earlier;
    }
  }

  @Override
  public void merge() {
    if (merged) {
      throw new IllegalStateException(
          "the adapter is merged already: merging again would add it a second time");
    }
    if (!enabled || slots.isEmpty()) {
      throw new IllegalStateException(
          "the adapter is " + (enabled ? "detached" : "disabled") + " and cannot be merged");
    }
    update("merge", layer -> layer::merged);
    merged = true;
  }

  @Override
  public void unmerge() {
    if (!merged || slots.isEmpty()) {
      throw new IllegalStateException(
          merged
              ? "the adapter was merged and detached: it cannot be unmerged"
              : "the adapter is not merged");
    }
    update("unmerge", layer -> layer::unmerged);
    merged = false;
  }

  private void update(
      String what, java.util.function.Function<LayerAdapter, UnaryOperator<Tensor>> change) {
    for (LayerAdapter layer : layers) {
      Linear linear = layer.linear();
      Scope.run(
          what + " " + linear.name(),
          () ->
              linear.assignMatrix(Autograd.off(() -> change.apply(layer).apply(linear.matrix()))));
    }
  }

  @Override
  public boolean isMerged() {
    return merged;
  }

  @Override
  public void detach() {
    for (Slot slot : slots) {
      if (slot.layer.linear().op() != slot.mine) {
        throw new IllegalStateException(
            slot.layer.linear().name()
                + ": something was attached on top of this adapter; detach that first");
      }
    }
    slots.forEach(s -> s.layer.linear().restore(s.before));
    slots.clear();
  }

  @Override
  public void save(Path directory) {
    writer.accept(directory);
  }

  @Override
  public void close() {
    detach();
    parameters().forEach(Parameter::close);
  }
}
