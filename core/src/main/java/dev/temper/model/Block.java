package dev.temper.model;

import dev.temper.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** One block with its weights: attention, feed-forward network, norms, as its spec says. */
public final class Block {
  private final BlockSpec spec;
  private final Attention attention;
  private final FeedForward feedForward;
  private final Map<Slot, NormLayer> norms;

  Block(BlockSpec spec, Attention attention, FeedForward feedForward, Map<Slot, NormLayer> norms) {
    this.spec = spec;
    this.attention = attention;
    this.feedForward = feedForward;
    this.norms = Collections.unmodifiableMap(new EnumMap<>(norms));
  }

  /** Its architecture. */
  public BlockSpec spec() {
    return spec;
  }

  /** The linears of attention: query, key, value (or one fused), output. */
  public List<Linear> attentionLinears() {
    return attention.linears();
  }

  /** The linears of the feed-forward network: gate, up, down, those of every expert. */
  public List<Linear> feedForwardLinears() {
    return feedForward.linears();
  }

  /** All linears, in the order of the files. */
  public List<Linear> linears() {
    List<Linear> out = new ArrayList<>(attentionLinears());
    out.addAll(feedForwardLinears());
    return out;
  }

  Attention attention() {
    return attention;
  }

  FeedForward feedForward() {
    return feedForward;
  }

  FeedForward.Output forward(Tensor x, Attention.Kernel kernel) {
    return switch (spec.placement()) {
      case PRE, SANDWICH, OUTPUT -> {
        Tensor y = add(x, normed(Slot.ATTENTION_OUTPUT_NORM, attend(x, kernel)));
        FeedForward.Output f = feedForward.forward(normed(Slot.FEED_FORWARD_NORM, y));
        yield new FeedForward.Output(
            add(y, normed(Slot.FEED_FORWARD_OUTPUT_NORM, f.value())), f.routerLogits());
      }
      case POST -> {
        Tensor y = norm(Slot.ATTENTION_OUTPUT_NORM).apply(add(x, attend(x, kernel)));
        FeedForward.Output f = feedForward.forward(y);
        yield new FeedForward.Output(
            norm(Slot.FEED_FORWARD_OUTPUT_NORM).apply(add(y, f.value())), f.routerLogits());
      }
      case PARALLEL, PARALLEL_SHARED -> {
        Slot second =
            spec.placement() == NormPlacement.PARALLEL
                ? Slot.FEED_FORWARD_NORM
                : Slot.ATTENTION_NORM;
        FeedForward.Output f = feedForward.forward(normed(second, x));
        yield new FeedForward.Output(add(add(x, attend(x, kernel)), f.value()), f.routerLogits());
      }
    };
  }

  private Tensor attend(Tensor x, Attention.Kernel kernel) {
    return attention.forward(normed(Slot.ATTENTION_NORM, x), kernel);
  }

  private Tensor normed(Slot slot, Tensor x) {
    return norms.containsKey(slot) ? norm(slot).apply(x) : x;
  }

  NormLayer norm(Slot slot) {
    return Objects.requireNonNull(norms.get(slot), slot::name);
  }

  private Tensor add(Tensor stream, Tensor part) {
    return stream.add(spec.residualScale() == 1 ? part : part.mul(spec.residualScale()));
  }
}
