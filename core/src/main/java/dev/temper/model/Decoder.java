package dev.temper.model;

import dev.temper.tensor.Autograd;
import dev.temper.tensor.Nn;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Reads prompts into a cache and decodes one token of every row at a time. Never records gradients.
 */
public final class Decoder {
  private static final int PROMPT_BUDGET = 2048;

  private final CausalLm model;
  private final @Nullable FastWeights weights;

  /** A decoder of a model, with whatever adapters it has, one operation at a time. */
  public Decoder(CausalLm model) {
    this.model = model;
    this.weights = null;
  }

  /**
   * A decoder that reads prompts with the model's own weights and decodes with {@code weights},
   * made from the same model as it is now.
   */
  public Decoder(CausalLm model, FastWeights weights) {
    this.model = model;
    this.weights = weights;
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
      List<Integer> key = Arrays.stream(prompts.get(i)).boxed().toList();
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

  /**
   * Reads several more tokens of every row in one pass: the rest of a prompt whose beginning is in
   * the cache, or tokens a draft model proposed. Equal to as many calls of {@link #step}.
   *
   * @param tokens [B][n], the same n of 1 or more for every row
   * @return final hidden states [B, n, D]
   * @throws IllegalStateException if the cache has no room for them; see {@link KvCache#reserve}
   */
  public Tensor extend(KvCache cache, int[][] tokens) {
    return Autograd.off(
        () -> {
          Extension extension = new Extension(model, cache);
          int n = extension.width(tokens);
          return keepsFrequencies(cache, n)
              ? extension.read(tokens)
              : stepThrough(cache, tokens, n);
        });
  }

  private Tensor stepThrough(KvCache cache, int[][] tokens, int n) {
    List<Tensor> hidden = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      int at = i;
      hidden.add(step(cache, Arrays.stream(tokens).mapToInt(row -> row[at]).toArray()));
    }
    return Tensors.stack(hidden, 1);
  }

  /** Reads one more token of every row; final hidden states [B, D]. */
  public Tensor step(KvCache cache, int[] tokens) {
    if (cache.slot() >= cache.capacity()) {
      throw new IllegalStateException(
          "the cache has " + cache.capacity() + " slots and all are used");
    }
    return Autograd.off(
        () -> {
          cache.remember(Arrays.stream(tokens).mapToObj(t -> new int[] {t}).toArray(int[][]::new));
          recompute(cache);
          Tensor hidden =
              weights == null ? layerByLayer(cache, tokens) : weights.step(this, cache, tokens);
          cache.advance();
          return hidden;
        });
  }

  /** Scores [B, V] of final hidden states. */
  public Tensor logits(Tensor hidden) {
    return Autograd.off(
        () -> weights == null ? model.head().logits(hidden) : weights.logits(hidden));
  }

  /** The best token of every row, from final hidden states [B, D]. */
  public int[] best(Tensor hidden) {
    Tensor ids =
        Autograd.off(() -> weights == null ? logits(hidden).argMax(1) : weights.best(hidden));
    return Arrays.stream(ids.toLongs()).mapToInt(Math::toIntExact).toArray();
  }

  /** A step through the blocks one operation at a time, whatever they are made of. */
  Tensor layerByLayer(KvCache cache, int[] tokens) {
    ModelSpec spec = model.spec();
    int[] positions = cache.positions();
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
              () -> {
                KvCache.Layer past = cache.layer(layer);
                return model
                    .blocks()
                    .get(layer)
                    .forward(
                        in,
                        (a, q, k, v) ->
                            Nn.attendCached(
                                rotations.rotate(a, q),
                                rotations.rotate(a, k),
                                v,
                                past.keys(),
                                past.values(),
                                Objects.requireNonNull(masks.get(a.visibility())),
                                cache.slot(),
                                a.scale(),
                                a.softCap().orElse(0)))
                    .value();
              });
    }
    return model.body().finish(x);
  }

  /**
   * Reads the rows anew whose keys are rotated by the frequencies of the other side of LongRoPE's
   * original length than the one the next token is on.
   */
  private void recompute(KvCache cache) {
    int limit = KvCache.longRopeLimit(model.spec());
    for (int i = 0; i < cache.rows(); i++) {
      int row = i;
      boolean stretched = cache.length(i) + 1 > limit;
      if (stretched != cache.stretched(i)) {
        Scope.run(
            "other frequencies",
            () -> {
              TokenBatch whole = TokenBatch.of(List.of(cache.tokens(row)));
              run(whole, (layer, key, value) -> cache.writePrompt(layer, row, key, value));
            });
        cache.stretched(i, stretched);
      }
    }
  }

  /** Whether the rows can read so many tokens more without {@link #recompute}. */
  private boolean keepsFrequencies(KvCache cache, int more) {
    int limit = KvCache.longRopeLimit(model.spec());
    for (int i = 0; i < cache.rows(); i++) {
      boolean first = cache.length(i) + 1 > limit;
      if (first != cache.stretched(i) || first != cache.length(i) + more > limit) {
        return false;
      }
    }
    return true;
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
