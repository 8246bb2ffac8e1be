package dev.temper.model;

import dev.temper.tensor.Autograd;
import dev.temper.tensor.Nn;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * Reads prompts into a cache and decodes one token of every row at a time. Never records gradients.
 */
public final class Decoder {
  private static final int PROMPT_BUDGET = 2048;

  private final CausalLm model;

  /** A decoder of a model, with whatever adapters it has. */
  public Decoder(CausalLm model) {
    this.model = model;
  }

  /**
   * A cache that has read the prompts, and each row's final hidden state [B, D] at its prompt's
   * end.
   */
  public record Started(KvCache cache, Tensor hidden) {}

  /**
   * Reads prompts, equal ones once, in flat batches without padding.
   *
   * @param newTokens how many tokens may follow
   */
  public Started start(List<int[]> prompts, int newTokens) {
    int longest = prompts.stream().mapToInt(p -> p.length).max().orElse(0);
    KvCache cache = new KvCache(model.spec(), prompts, longest + newTokens);
    boolean done = false;
    try {
      Tensor hidden = Autograd.off(() -> read(prompts, cache));
      done = true;
      return new Started(cache, hidden);
    } finally {
      if (!done) {
        cache.close();
      }
    }
  }

  private Tensor read(List<int[]> prompts, KvCache cache) {
    Map<List<Integer>, List<Integer>> rowsOfPrompt = new LinkedHashMap<>();
    for (int i = 0; i < prompts.size(); i++) {
      List<Integer> key = java.util.Arrays.stream(prompts.get(i)).boxed().toList();
      rowsOfPrompt.computeIfAbsent(key, k -> new ArrayList<>()).add(i);
    }
    List<List<Integer>> rows = List.copyOf(rowsOfPrompt.values());
    int[] lengths = rows.stream().mapToInt(r -> prompts.get(r.get(0)).length).toArray();
    Tensor[] last = new Tensor[prompts.size()];
    for (int[] batch : dev.temper.data.TokenBudget.split(lengths, PROMPT_BUDGET)) {
      List<Tensor> ends = Scope.run("prompt", () -> readBatch(prompts, rows, batch, cache));
      for (int k = 0; k < batch.length; k++) {
        for (int row : rows.get(batch[k])) {
          last[row] = ends.get(k);
        }
      }
    }
    return Tensors.cat(List.of(last), 0);
  }

  private List<Tensor> readBatch(
      List<int[]> prompts, List<List<Integer>> rows, int[] batch, KvCache cache) {
    List<int[]> sequences = new ArrayList<>();
    for (int b : batch) {
      sequences.add(prompts.get(rows.get(b).get(0)));
    }
    TokenBatch flat = TokenBatch.of(sequences);
    Segments s = flat.segments();
    Tensor hidden =
        run(
            flat,
            (layer, keys, values) -> {
              for (int k = 0; k < batch.length; k++) {
                Tensor key = keys.slice(0, s.starts()[k], s.ends()[k]);
                Tensor value = values.slice(0, s.starts()[k], s.ends()[k]);
                for (int row : rows.get(batch[k])) {
                  cache.writePrompt(layer, row, key, value);
                }
              }
            });
    List<Tensor> ends = new ArrayList<>();
    for (int k = 0; k < batch.length; k++) {
      ends.add(hidden.slice(0, s.ends()[k] - 1, s.ends()[k]));
    }
    return ends;
  }

  /** Reads one more token of every row; final hidden states [B, D]. */
  public Tensor step(KvCache cache, int[] tokens) {
    return Autograd.off(() -> stepWithoutGradients(cache, tokens));
  }

  private Tensor stepWithoutGradients(KvCache cache, int[] tokens) {
    if (cache.slot() >= cache.capacity()) {
      throw new IllegalStateException(
          "the cache has " + cache.capacity() + " slots and all are used");
    }
    int[] positions = new int[tokens.length];
    for (int i = 0; i < positions.length; i++) {
      positions[i] = cache.length(i);
    }
    cache.remember(tokens);
    recompute(cache);
    ModelSpec spec = model.spec();
    Rotations rotations = Rotations.of(spec, positions);
    Map<Visibility, Tensor> masks = new HashMap<>();
    for (BlockSpec block : spec.blocks()) {
      masks.computeIfAbsent(block.attention().visibility(), cache::mask);
    }
    Tensor x = model.body().embed(tokens, positions);
    for (int i = 0; i < spec.layers(); i++) {
      int layer = i;
      Tensor in = x;
      x =
          Scope.run(
              "layer",
              () ->
                  model
                      .blocks()
                      .get(layer)
                      .forward(
                          in,
                          (a, q, k, v) ->
                              Nn.attendCached(
                                  rotations.rotate(a, q),
                                  rotations.rotate(a, k),
                                  v,
                                  cache.keys(layer),
                                  cache.values(layer),
                                  Objects.requireNonNull(masks.get(a.visibility())),
                                  cache.slot(),
                                  a.scale(),
                                  a.softCap().orElse(0)))
                      .value());
    }
    cache.advance();
    return model.body().finish(x);
  }

  /**
   * Reads the rows anew whose next token takes them past the original length of LongRoPE: from
   * there on all their positions are rotated by the other frequencies.
   */
  private void recompute(KvCache cache) {
    List<Integer> rows = new ArrayList<>();
    for (int i = 0; i < cache.rows(); i++) {
      int length = cache.length(i);
      if (length > 0 && changesFrequencies(length)) {
        rows.add(i);
      }
    }
    for (int row : rows) {
      Scope.run(
          "longer rope",
          () -> {
            TokenBatch whole = TokenBatch.of(List.of(cache.tokens(row)));
            run(whole, (layer, key, value) -> cache.writePrompt(layer, row, key, value));
          });
    }
  }

  private boolean changesFrequencies(int length) {
    return model.spec().blocks().stream()
        .flatMap(b -> b.attention().rope().stream())
        .anyMatch(
            r ->
                r.scaling() instanceof Rope.Scaling.LongRope
                    && !r.sameFrequencies(length, length + 1));
  }

  private Tensor run(TokenBatch batch, KeyValueListener into) {
    return model
        .body()
        .run(
            batch,
            null,
            UnaryOperator.identity(),
            new Transformer.Observer() {
              @Override
              public void keysAndValues(int layer, Tensor keys, Tensor values) {
                into.accept(layer, keys, values);
              }
            });
  }

  /** Receives the rotated keys and the values of a layer. */
  @FunctionalInterface
  private interface KeyValueListener {
    void accept(int layer, Tensor keys, Tensor values);
  }
}
