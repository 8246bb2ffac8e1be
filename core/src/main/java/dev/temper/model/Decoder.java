package dev.temper.model;

import dev.temper.tensor.Autograd;
import dev.temper.tensor.Nn;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
    int[] lengths = prompts.stream().mapToInt(p -> p.length).toArray();
    int longest = java.util.Arrays.stream(lengths).max().orElse(0);
    KvCache cache = new KvCache(model.spec(), lengths, longest + newTokens);
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
        model.hidden(
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

  /**
   * Reads several more tokens of every row in one pass: the rest of a prompt whose beginning is in
   * the cache, or tokens a draft model proposed. Equal to as many calls of {@link #step}.
   *
   * @param tokens [B][n], the same n of 1 or more for every row
   * @return final hidden states [B, n, D]
   * @throws IllegalStateException if the cache has no room for them; see {@link KvCache#reserve}
   */
  public Tensor extend(KvCache cache, int[][] tokens) {
    return Autograd.off(() -> new Extension(model, cache).read(tokens));
  }

  private Tensor stepWithoutGradients(KvCache cache, int[] tokens) {
    if (cache.slot() >= cache.capacity()) {
      throw new IllegalStateException(
          "the cache has " + cache.capacity() + " slots and all are used");
    }
    DecoderSpec spec = model.spec();
    int[] positions = new int[tokens.length];
    for (int i = 0; i < positions.length; i++) {
      positions[i] = cache.length(i);
    }
    Rope.Angles angles = spec.rope().angles(positions);
    Tensor cos = Tensors.of(angles.cos(), tokens.length, 1, spec.rope().width());
    Tensor sin = Tensors.of(angles.sin(), tokens.length, 1, spec.rope().width());
    Tensor mask = cache.mask();
    Tensor x = model.embed(tokens);
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
                          spec,
                          (q, k, v) ->
                              Nn.attendCached(
                                  Nn.rope(q, cos, sin),
                                  Nn.rope(k, cos, sin),
                                  v,
                                  cache.keys(layer),
                                  cache.values(layer),
                                  mask,
                                  cache.slot(),
                                  spec.attentionScale())));
    }
    cache.advance();
    return model.norm(x);
  }
}
