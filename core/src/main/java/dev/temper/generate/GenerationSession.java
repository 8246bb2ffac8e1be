package dev.temper.generate;

import dev.temper.model.CausalLm;
import dev.temper.model.Decoder;
import dev.temper.model.KvCache;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Rng;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Generates for one growing text: keeps the keys and values of what it has read, and of the next
 * prompt reads only what differs from there on.
 *
 * <p>The completions are those of {@link LocalGenerator} for the prompt alone, same seed included,
 * up to ties within rounding. The cache belongs to the weights it was read with: after training or
 * changing adapters call {@link #clear()}. For one thread at a time; close it to free the cache.
 */
public final class GenerationSession implements AutoCloseable {
  private final CausalLm model;
  private @Nullable KvCache cache;
  private int[] read = new int[0];
  private int reused;

  /** A session that has read nothing; the model stays the caller's to close. */
  public GenerationSession(CausalLm model) {
    this.model = model;
  }

  /**
   * Continues a prompt.
   *
   * @param options with one completion per prompt
   * @throws dev.temper.UserException if the prompt is empty or too long, or the model's logits are
   *     not usable
   */
  public Completion generate(int[] prompt, GenerationOptions options, TokenListener listener) {
    if (options.completionsPerPrompt() != 1) {
      throw new IllegalArgumentException(
          "completions per prompt is "
              + options.completionsPerPrompt()
              + ", must be 1 in a session: use LocalGenerator for groups");
    }
    Prompts.check(model, prompt, 0);
    CompletionBuilder completion = new CompletionBuilder(model, 0, prompt, options, listener);
    boolean complete = false;
    try {
      Scope.run("session", () -> run(prompt, completion, options));
      complete = true;
    } finally {
      if (!complete) {
        clear(); // what the cache holds is not certain
      }
    }
    return completion.build();
  }

  /** Continues a prompt without following the tokens. */
  public Completion generate(int[] prompt, GenerationOptions options) {
    return generate(prompt, options, TokenListener.none());
  }

  /** Tokens of the last prompt that were in the cache already. */
  public int reusedTokens() {
    return reused;
  }

  /** Forgets what has been read. */
  public void clear() {
    if (cache != null) {
      cache.close();
    }
    cache = null;
    read = new int[0];
  }

  /** Frees the cache; the session can be used again. */
  @Override
  public void close() {
    clear();
  }

  private void run(int[] prompt, CompletionBuilder completion, GenerationOptions options) {
    Decoder decoder = new Decoder(model);
    Sampler sampler = options.sampler();
    // The numbers LocalGenerator draws for the first row.
    Rng rng = Rng.of(options.seed()).split("sample").split(0);
    TokenBuffer tokens = completion.tokens();
    Tensor end = readPrompt(decoder, prompt, completion.room());
    KvCache kept = java.util.Objects.requireNonNull(cache);
    Scope.run("first token", () -> next(end, completion, sampler, rng));
    while (!completion.finished()) {
      int[] last = {tokens.get(tokens.length() - 1)};
      Scope.run("token", () -> next(decoder.step(kept, last), completion, sampler, rng));
    }
    read = Arrays.copyOf(tokens.toArray(), kept.length(0));
  }

  private void next(Tensor hidden, CompletionBuilder completion, Sampler sampler, Rng rng) {
    float[] logits = Autograd.off(() -> model.head().logits(hidden)).toFloats();
    completion.accept(
        sampler.next(logits, completion.tokens(), rng.uniform(completion.tokens().length())));
  }

  /** Reads what is new of the prompt; the final hidden state at its end [1, D]. */
  private Tensor readPrompt(Decoder decoder, int[] prompt, int newTokens) {
    int common = Arrays.mismatch(read, prompt);
    common = common < 0 ? Math.min(read.length, prompt.length) : common;
    common = Math.min(common, prompt.length - 1); // the last one gives the first distribution
    KvCache kept = cache;
    if (kept == null || common == 0) {
      clear();
      reused = 0;
      Decoder.Started started = decoder.start(List.of(prompt), newTokens);
      cache = started.cache();
      return started.hidden();
    }
    reused = common;
    kept.drop(read.length - common);
    int[] rest = Arrays.copyOfRange(prompt, common, prompt.length);
    kept.reserve(rest.length + newTokens);
    Tensor hidden = decoder.extend(kept, new int[][] {rest});
    return hidden.select(1, rest.length - 1);
  }
}
