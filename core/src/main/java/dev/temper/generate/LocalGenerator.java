package dev.temper.generate;

import dev.temper.UserException;
import dev.temper.model.CausalLm;
import dev.temper.model.DecodeWeights;
import dev.temper.model.Decoder;
import dev.temper.model.FastWeights;
import dev.temper.model.KvCache;
import dev.temper.tensor.Rng;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Shutdown;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import dev.temper.text.StreamingDecoder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Generates with a model in this process: batched, ragged, with a key-value cache. Equal prompts
 * are read once; finished rows leave the batch. What a completion says depends on the seed and its
 * index, not on how prompts are cut into batches.
 *
 * <p>{@link #weights} chooses how weights are stored while decoding. A packed copy is made by the
 * first {@link #generate} and kept until {@link #close}; a later call makes a new one if weights or
 * adapters have changed, so completions are always those of the model as it is. With {@link
 * DecodeWeights#FLOAT32}, the default, nothing is kept between calls and closing does nothing.
 *
 * <p>Used by one thread at a time, closed before the model.
 */
public final class LocalGenerator implements Generator, AutoCloseable {
  private static final int DEFAULT_BATCH = 32;

  private final CausalLm model;
  private final int maxBatch;
  private final DecodeWeights weights;
  private @Nullable FastWeights packed;

  /** A generator of at most 32 rows at a time. */
  public LocalGenerator(CausalLm model) {
    this(model, DEFAULT_BATCH);
  }

  /** A generator of at most {@code maxBatch} rows at a time. */
  public LocalGenerator(CausalLm model, int maxBatch) {
    this(model, maxBatch, DecodeWeights.FLOAT32);
  }

  private LocalGenerator(CausalLm model, int maxBatch, DecodeWeights weights) {
    if (maxBatch < 1) {
      throw new IllegalArgumentException("maxBatch: " + maxBatch + " must be at least 1");
    }
    this.model = model;
    this.maxBatch = maxBatch;
    this.weights = weights;
  }

  /**
   * A generator like this one that stores weights in this way while decoding; on a machine that
   * cannot ({@link DecodeWeights#isAvailable}) it uses the model's own.
   */
  public LocalGenerator weights(DecodeWeights how) {
    return new LocalGenerator(model, maxBatch, how);
  }

  @Override
  public List<Completion> generate(
      List<int[]> prompts, GenerationOptions options, TokenListener listener) {
    List<Row> rows = new ArrayList<>();
    boolean text = model.hasTokenizer();
    if (!text && !options.stop().strings().isEmpty()) {
      throw new UserException(
          model.source() + ": stop strings need a tokenizer.json in the model's directory");
    }
    for (int p = 0; p < prompts.size(); p++) {
      Prompts.check(model, prompts.get(p), p);
      for (int j = 0; j < options.completionsPerPrompt(); j++) {
        rows.add(
            new Row(
                rows.size(),
                prompts.get(p),
                options,
                text ? model.tokenizer().streamingDecoder(true) : null));
      }
    }
    Decoder decoder = decoder();
    try {
      for (int from = 0; from < rows.size(); from += maxBatch) {
        List<Row> batch = rows.subList(from, Math.min(rows.size(), from + maxBatch));
        Scope.run("generate", () -> new Batch(decoder, batch, options, listener).run());
      }
    } finally {
      if (weights == DecodeWeights.FLOAT32) {
        close();
      }
    }
    return rows.stream().map(Row::completion).toList();
  }

  private Decoder decoder() {
    DecodeWeights how = weights.isAvailable() ? weights : DecodeWeights.FLOAT32;
    if (!how.isAvailable()) {
      return new Decoder(model);
    }
    if (packed != null && !packed.isCurrent()) {
      close();
    }
    if (packed == null) {
      packed = FastWeights.of(model, how);
    }
    return new Decoder(model, packed);
  }

  /** Frees the packed weights; the next {@link #generate} would make them again. */
  @Override
  public void close() {
    if (packed != null) {
      packed.close();
      packed = null;
    }
  }

  /** One completion in the making. */
  private static final class Row {
    final int index;
    final TokenBuffer tokens;
    final @Nullable StreamingDecoder decoder;
    final StopScanner scanner;
    final List<Float> logProbs = new ArrayList<>();
    final List<Float> rawLogProbs = new ArrayList<>();
    final StringBuilder text = new StringBuilder();
    final int[] prompt;
    @Nullable FinishReason reason;

    Row(int index, int[] prompt, GenerationOptions options, @Nullable StreamingDecoder decoder) {
      this.index = index;
      this.prompt = prompt;
      this.tokens = new TokenBuffer(prompt);
      this.decoder = decoder;
      this.scanner = options.stop().scanner();
    }

    Completion completion() {
      FinishReason why = reason == null ? FinishReason.CANCELLED : reason;
      return new Completion(
          index, tokens.generated(), text.toString(), floats(logProbs), floats(rawLogProbs), why);
    }

    private static float[] floats(List<Float> list) {
      float[] out = new float[list.size()];
      for (int i = 0; i < out.length; i++) {
        out[i] = list.get(i);
      }
      return out;
    }
  }

  /** Decodes one batch of rows to the end. */
  private final class Batch {
    private final Decoder decoder;
    private final GenerationOptions options;
    private final TokenListener listener;
    private final Sampler sampler;
    private final Rng rng;
    private List<Row> active;

    Batch(Decoder decoder, List<Row> rows, GenerationOptions options, TokenListener listener) {
      this.decoder = decoder;
      this.active = new ArrayList<>(rows);
      this.options = options;
      this.listener = listener;
      this.sampler = options.sampler();
      this.rng = Rng.of(options.seed()).split("sample");
    }

    void run() {
      int longest = active.stream().mapToInt(r -> r.prompt.length).max().orElse(0);
      int room = Math.min(options.maxNewTokens(), model.spec().contextLength() - 1);
      Decoder.Started started =
          decoder.start(
              active.stream().map(r -> r.prompt).toList(),
              Math.min(room, model.spec().contextLength() - 1 + longest));
      try (KvCache cache = started.cache()) {
        int[] next = Scope.run("first token", () -> choose(started.hidden()));
        while (!active.isEmpty()) {
          next = dropFinished(cache, next);
          if (active.isEmpty()) {
            break;
          }
          int[] tokens = next;
          next = Scope.run("token", () -> choose(decoder.step(cache, tokens)));
        }
      }
    }

    private int[] dropFinished(KvCache cache, int[] tokens) {
      List<Row> left = new ArrayList<>();
      List<Integer> kept = new ArrayList<>();
      for (int i = 0; i < active.size(); i++) {
        if (active.get(i).reason == null) {
          left.add(active.get(i));
          kept.add(i);
        }
      }
      if (left.size() < active.size() && !left.isEmpty()) {
        cache.keepRows(kept.stream().mapToInt(Integer::intValue).toArray());
      }
      active = left;
      return kept.stream().mapToInt(i -> tokens[i]).toArray();
    }

    /** Picks the next token of every active row from final hidden states [B, D]. */
    private int[] choose(Tensor hidden) {
      int[] out = new int[active.size()];
      if (plainGreedy()) {
        int[] best = decoder.best(hidden);
        for (int i = 0; i < out.length; i++) {
          out[i] = best[i];
          accept(active.get(i), out[i]);
        }
        return out;
      }
      float[] scores = decoder.logits(hidden).toFloats();
      int vocabulary = model.spec().vocabulary();
      for (int i = 0; i < out.length; i++) {
        Row row = active.get(i);
        double u = rng.split(row.index).uniform(row.tokens.length());
        if (options.logProbs()) {
          Sampled s = sampler.next(scores, i * vocabulary, vocabulary, row.tokens, u);
          row.logProbs.add((float) s.logProb());
          row.rawLogProbs.add((float) s.rawLogProb());
          out[i] = s.token();
        } else {
          out[i] = sampler.nextToken(scores, i * vocabulary, vocabulary, row.tokens, u);
        }
        accept(row, out[i]);
      }
      return out;
    }

    private boolean plainGreedy() {
      return options.sampling().equals(Sampling.greedy().seed(options.seed()))
          && !options.logProbs()
          && options.minNewTokens() == 0
          && options.constraints().isEmpty();
    }

    private void accept(Row row, int token) {
      row.tokens.add(token);
      int made = row.tokens.newTokens();
      StringBuilder delta = new StringBuilder();
      if (options.stop().isStopToken(token)) {
        row.reason = FinishReason.STOP_TOKEN;
      } else {
        delta.append(row.scanner.append(row.decoder == null ? "" : row.decoder.add(token)));
        if (row.scanner.stopped()) {
          row.reason = FinishReason.STOP_STRING;
        } else if (made >= options.maxNewTokens()) {
          row.reason = FinishReason.LENGTH;
        } else if (row.tokens.length() >= model.spec().contextLength()) {
          row.reason = FinishReason.CONTEXT;
        } else if (Shutdown.requested()) {
          row.reason = FinishReason.CANCELLED;
        }
      }
      if (row.reason != null && row.reason != FinishReason.STOP_STRING) {
        if (row.decoder != null) {
          delta.append(row.scanner.append(row.decoder.flush()));
        }
        delta.append(row.scanner.flush());
      }
      row.text.append(delta);
      if (!listener.onToken(row.index, token, delta.toString()) && row.reason == null) {
        row.reason = FinishReason.CANCELLED;
      }
    }
  }

  /** Log-probability of every token but the first of each sequence, given what precedes it. */
  public static List<float[]> score(CausalLm model, List<int[]> sequences) {
    List<float[]> out = new ArrayList<>();
    for (int[] ids : sequences) {
      if (ids.length < 2) {
        out.add(new float[0]);
        continue;
      }
      int[] targets = java.util.Arrays.copyOfRange(ids, 1, ids.length);
      out.add(
          Scope.run(
              "score",
              () ->
                  dev.temper.tensor.Autograd.off(
                      () -> {
                        Tensor hidden = model.hidden(dev.temper.model.TokenBatch.of(List.of(ids)));
                        Tensor rows = hidden.indexSelect(0, Tensors.arange(ids.length - 1));
                        return dev.temper.model.LogProbs.of(model.head(), rows, targets).toFloats();
                      })));
    }
    return out;
  }
}
