package dev.temper.model;

import dev.temper.tensor.Autograd;
import dev.temper.tensor.DecodeKernels;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A model's weights stored for decoding: a copy in a packed format with adapters folded in, or in
 * float32 references to the model's own (adapted layers stay as they are: folding would copy).
 *
 * <p>It is made from the model as it is; {@link #isCurrent} says whether weights or adapters have
 * changed since. Models of plain blocks run a token through all layers in one native call; others
 * go block by block with their products replaced. A layer whose operation is no product (fake
 * quantization, say) keeps its operation. Used by one thread at a time, closed before the model.
 */
public final class FastWeights implements AutoCloseable {
  private final CausalLm model;
  private final DecodeKernels kernels;
  private final List<Tensor> sources;
  private final long[] versions;
  private final boolean wholeStep;
  private final Map<Linear, Linear.Op> standIns = new HashMap<>();
  private int head;

  private FastWeights(CausalLm model, DecodeWeights weights) {
    this.model = model;
    this.sources = sources(model);
    this.versions = versions(sources);
    this.kernels = new DecodeKernels(weights.format());
    this.wholeStep =
        PlainBlocks.all(model) && model.linears().stream().allMatch(l -> storable(l) != null);
    boolean complete = false;
    try {
      Scope.run("pack weights", () -> Autograd.off(this::addAll));
      complete = true;
    } finally {
      if (!complete) {
        kernels.close();
      }
    }
  }

  /**
   * Stores a model's weights.
   *
   * @throws IllegalArgumentException if this machine cannot, see {@link DecodeWeights#isAvailable}
   */
  public static FastWeights of(CausalLm model, DecodeWeights weights) {
    if (!weights.isAvailable()) {
      throw new IllegalArgumentException(
          "decode weights " + weights + ": this machine has no operations for them; use FLOAT32");
    }
    return new FastWeights(model, weights);
  }

  /** Whether the model computes what it did when these were made. */
  public boolean isCurrent() {
    List<Tensor> now = sources(model);
    return sameTensors(now) && Arrays.equals(versions, versions(now));
  }

  private boolean sameTensors(List<Tensor> now) {
    if (now.size() != sources.size()) {
      return false;
    }
    for (int i = 0; i < now.size(); i++) {
      if (now.get(i) != sources.get(i)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Every tensor the stored weights are made from, layer by layer; operations that are no products
   * have none.
   */
  private static List<Tensor> sources(CausalLm model) {
    List<Tensor> out = new ArrayList<>();
    model.parameters().forEach(p -> out.add(p.value()));
    for (Linear linear : model.linears()) {
      Linear.Product product = linear.op().product();
      if (product != null) {
        out.addAll(product.sources());
      }
    }
    return out;
  }

  /** How often each source was written to. */
  private static long[] versions(List<Tensor> sources) {
    Set<Tensor> once = Collections.newSetFromMap(new IdentityHashMap<>());
    List<Tensor> distinct = sources.stream().filter(once::add).toList();
    return Scope.run("versions", () -> DecodeKernels.versions(distinct));
  }

  private Void addAll() {
    if (wholeStep) {
      addConstants();
      addBlocks();
    } else {
      model.linears().forEach(this::addStandIn);
    }
    head = kernels.add(model.head().weight().value(), null);
    return null;
  }

  private void addConstants() {
    List<Tensor> constants = new ArrayList<>();
    constants.add(model.body().tokens().value());
    for (Block b : model.blocks()) {
      constants.add(b.norm(Slot.ATTENTION_NORM).weight().value());
      constants.add(b.norm(Slot.FEED_FORWARD_NORM).weight().value());
    }
    constants.add(PlainBlocks.finalNorm(model).value());
    kernels.addConstants(constants);
  }

  private void addBlocks() {
    if (kernels.format() == DecodeKernels.Format.FLOAT32) {
      Tensor none = Tensors.zeros(0);
      List<Tensor> weights = new ArrayList<>();
      List<Tensor> biases = new ArrayList<>();
      for (Linear l : model.linears()) {
        Tensor bias = biasOrNull(l);
        weights.add(weight(l));
        biases.add(bias == null ? none : bias);
      }
      kernels.addAll(weights, biases);
      return;
    }
    for (Block b : model.blocks()) {
      List<Linear> attention = b.attentionLinears();
      List<Linear> feedForward = b.feedForwardLinears();
      add(attention.subList(0, 3));
      add(attention.subList(3, 4));
      add(feedForward.subList(0, 2));
      add(feedForward.subList(2, 3));
    }
  }

  private void addStandIn(Linear linear) {
    if (storable(linear) != null) {
      int index = add(List.of(linear));
      standIns.put(linear, x -> kernels.product(index, x));
    }
  }

  /** Adds layers that share an input as one matrix. */
  private int add(List<Linear> layers) {
    return Scope.run(
        "pack",
        () -> {
          List<Tensor> weights = new ArrayList<>();
          List<Tensor> biases = new ArrayList<>();
          for (Linear l : layers) {
            weights.add(weight(l));
            biases.add(bias(l));
          }
          boolean anyBias = layers.stream().anyMatch(l -> l.bias() != null);
          return kernels.add(join(weights), anyBias ? join(biases) : null);
        });
  }

  private Tensor weight(Linear l) {
    return Objects.requireNonNull(storable(l), l.name()).weight().get();
  }

  private static Tensor join(List<Tensor> rows) {
    return rows.size() == 1 ? rows.get(0) : Tensors.cat(rows, 0);
  }

  private static @Nullable Tensor biasOrNull(Linear l) {
    Parameter bias = l.bias();
    return bias == null ? null : bias.value();
  }

  private static Tensor bias(Linear l) {
    Tensor bias = biasOrNull(l);
    return bias == null ? Tensors.zeros(l.outputs()) : bias;
  }

  /**
   * What a layer multiplies by, if it can be stored here: in float32 nothing is copied, so a matrix
   * that would first have to be made (an adapter's) is not stored.
   */
  private Linear.@Nullable Product storable(Linear l) {
    Linear.Product product = l.op().product();
    boolean copies = kernels.format() != DecodeKernels.Format.FLOAT32;
    return product != null && (copies || product.isStored()) ? product : null;
  }

  Tensor step(Decoder decoder, KvCache cache, int[] tokens) {
    return wholeStep ? wholeStep(cache, tokens) : blockByBlock(decoder, cache, tokens);
  }

  private Tensor wholeStep(KvCache cache, int[] tokens) {
    ModelSpec spec = model.spec();
    BlockSpec block = spec.blocks().get(0);
    AttentionSpec attention = block.attention();
    Rope.Angles angles = attention.rope().orElseThrow().angles(cache.positions());
    return kernels.step(
        new DecodeKernels.Sizes(
            spec.layers(),
            attention.heads(),
            attention.keyValueHeads(),
            attention.headWidth(),
            block.norm().eps(),
            attention.scale()),
        Tensors.ofInts(tokens),
        Tensors.ofInts(cache.starts()),
        Tensors.of(angles.cos(), tokens.length, 1, attention.headWidth()),
        Tensors.of(angles.sin(), tokens.length, 1, attention.headWidth()),
        cache.memory(),
        cache.slot());
  }

  private Tensor blockByBlock(Decoder decoder, KvCache cache, int[] tokens) {
    standIns.forEach(Linear::standIn);
    try {
      return decoder.layerByLayer(cache, tokens);
    } finally {
      standIns.keySet().forEach(l -> l.standIn(null));
    }
  }

  Tensor logits(Tensor hidden) {
    return model.head().scores(kernels.product(head, hidden));
  }

  Tensor best(Tensor hidden) {
    // Whatever a head does to its scores must not reorder them for this: a cap is monotone.
    return kernels.best(head, hidden);
  }

  /** Frees the copies. */
  @Override
  public void close() {
    kernels.close();
  }
}
