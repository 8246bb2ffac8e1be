package dev.temper.generate;

import dev.temper.UserException;
import dev.temper.model.CausalLm;
import dev.temper.model.Decoder;
import dev.temper.model.KvCache;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Rng;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Generates with a model and a small draft of it: the draft proposes a few tokens, the model reads
 * them all in one pass and keeps those that fit its own distribution.
 *
 * <p>Exact: greedy completions are those of the model alone (up to ties within rounding, because a
 * pass over several tokens rounds otherwise than one by one), and sampled ones have the model's
 * distribution, though other draws than {@link LocalGenerator} for the same seed. Penalties,
 * constraints, temperature and filters hold for both models.
 *
 * <p>It pays where a pass over few tokens costs about as much as over one, and the draft is much
 * smaller and agrees often: see {@link #acceptance()}. Completions are generated one after the
 * other; for many at once {@link LocalGenerator} is faster.
 */
public final class SpeculativeGenerator implements Generator {
  private final CausalLm model;
  private final CausalLm draft;
  private final int proposals;
  private long proposed;
  private long accepted;

  /** A generator that proposes 4 tokens at a time. */
  public SpeculativeGenerator(CausalLm model, CausalLm draft) {
    this(model, draft, 4);
  }

  /**
   * A generator.
   *
   * @param proposals tokens proposed at a time, 1 to 64
   * @throws UserException if the models' vocabularies differ
   */
  public SpeculativeGenerator(CausalLm model, CausalLm draft, int proposals) {
    Checks.check(
        proposals >= 1 && proposals <= 64, "proposals", proposals, "in [1, 64]", "3 to 8 is usual");
    if (model.spec().vocabulary() != draft.spec().vocabulary()) {
      throw new UserException(
          "the draft model "
              + draft.source()
              + " has a vocabulary of "
              + draft.spec().vocabulary()
              + ", the model "
              + model.source()
              + " one of "
              + model.spec().vocabulary()
              + ": use a draft with the same tokenizer");
    }
    this.model = model;
    this.draft = draft;
    this.proposals = proposals;
  }

  /**
   * How often proposals were right, over all calls.
   *
   * @param proposed tokens the draft proposed
   * @param accepted of these, tokens that became part of a completion
   */
  public record Acceptance(long proposed, long accepted) {}

  /** How often proposals were right so far. */
  public Acceptance acceptance() {
    return new Acceptance(proposed, accepted);
  }

  @Override
  public List<Completion> generate(
      List<int[]> prompts, GenerationOptions options, TokenListener listener) {
    List<CompletionBuilder> all = new ArrayList<>();
    for (int p = 0; p < prompts.size(); p++) {
      int[] prompt = Prompts.check(model, prompts.get(p), p);
      for (int j = 0; j < options.completionsPerPrompt(); j++) {
        all.add(new CompletionBuilder(model, all.size(), prompt, options, listener));
      }
    }
    for (int i = 0; i < all.size() && !Thread.currentThread().isInterrupted(); i++) {
      int index = i;
      Scope.run("speculative", () -> new Run(all.get(index), index, options).run());
    }
    return all.stream().map(CompletionBuilder::build).toList();
  }

  /** One completion. */
  private final class Run {
    private final CompletionBuilder completion;
    private final TokenBuffer tokens;
    private final Distribution.Shaping shaping;
    private final Rng draws;
    private final Rng verdicts;
    private final Rng drafts;
    private final Decoder decoder = new Decoder(model);
    private final Decoder draftDecoder = new Decoder(draft);

    /** Ids the draft's cache holds; the model's holds all but the last. */
    private int draftRead;

    Run(CompletionBuilder completion, int index, GenerationOptions options) {
      this.completion = completion;
      this.tokens = completion.tokens();
      this.shaping = new Distribution.Shaping(options.processor(), options.sampling().isGreedy());
      Rng row = Rng.of(options.seed()).split("sample").split(index);
      this.draws = row;
      this.verdicts = row.split("verdict");
      this.drafts = row.split("draft");
    }

    void run() {
      int[] prompt = tokens.toArray();
      int room = completion.room() + proposals + 1;
      Decoder.Started started = decoder.start(List.of(prompt), room);
      try (KvCache cache = started.cache()) {
        float[] logits = Scope.run("first token", () -> logits(model, started.hidden()));
        take(logits, 0, Distribution.of(logits, 0, vocabulary(), shaping, tokens));
        if (completion.finished()) {
          return;
        }
        if (draftMayRead(prompt.length)) {
          draftRead = prompt.length;
          try (KvCache draftCache = draftDecoder.start(List.of(prompt), room).cache()) {
            while (!completion.finished()) {
              Scope.run("round", () -> round(cache, draftCache));
            }
          }
        }
        while (!completion.finished()) { // beyond the draft's context
          Scope.run("token", () -> verify(cache, new int[0], List.of()));
        }
      }
    }

    private boolean draftMayRead(int length) {
      return length < draft.spec().contextLength();
    }

    private void round(KvCache cache, KvCache draftCache) {
      int length = tokens.length();
      int n =
          Math.min(
              Math.min(proposals, completion.room() - 1), draft.spec().contextLength() - length);
      int[] proposal = new int[Math.max(0, n)];
      List<Distribution> q = new ArrayList<>();
      for (int i = 0; i < proposal.length; i++) {
        int[] unread = Arrays.copyOfRange(tokens.toArray(), draftRead, tokens.length());
        Tensor hidden = draftDecoder.extend(draftCache, new int[][] {unread});
        draftRead = tokens.length();
        float[] logits = logits(draft, hidden.select(1, unread.length - 1));
        Distribution d = Distribution.of(logits, 0, vocabulary(), shaping, tokens);
        proposal[i] = d.draw(drafts.uniform(tokens.length()));
        q.add(d);
        tokens.add(proposal[i]);
      }
      tokens.truncate(length);
      verify(cache, proposal, q);
      // What the draft has read beyond the ids that stand was refused.
      int stands = Math.min(draftRead, tokens.length() - 1);
      draftCache.drop(draftRead - stands);
      draftRead = stands;
    }

    /** Reads the last id and a proposal, keeps what fits and adds one token of the model's own. */
    private void verify(KvCache cache, int[] proposal, List<Distribution> q) {
      int[] reading = new int[proposal.length + 1];
      reading[0] = tokens.get(tokens.length() - 1);
      System.arraycopy(proposal, 0, reading, 1, proposal.length);
      Tensor hidden = decoder.extend(cache, new int[][] {reading});
      float[] logits = logits(model, hidden.select(0, 0));
      int kept = 0;
      proposed += proposal.length;
      while (!completion.finished()) {
        Distribution p =
            Distribution.of(logits, kept * vocabulary(), vocabulary(), shaping, tokens);
        if (kept == proposal.length) {
          take(logits, kept, p);
          break;
        }
        double[] target = p.probabilities();
        double[] source = q.get(kept).probabilities();
        int position = tokens.length();
        if (!SpeculativeSampling.keeps(
            target, source, proposal[kept], verdicts.uniform(position))) {
          double u = draws.uniform(position);
          accept(logits, kept, p, SpeculativeSampling.replacement(target, source, u));
          break;
        }
        accept(logits, kept, p, proposal[kept]);
        kept++;
        accepted++;
      }
      // The cache has read the proposal; of it, what was kept stands.
      cache.drop(proposal.length - kept);
    }

    private void take(float[] logits, int row, Distribution p) {
      accept(logits, row, p, p.draw(draws.uniform(tokens.length())));
    }

    private void accept(float[] logits, int row, Distribution p, int token) {
      int offset = row * vocabulary();
      double max = Softmax.checkedMax(logits, offset, vocabulary(), "");
      double raw = logits[offset + token] - Softmax.logSumExp(logits, offset, vocabulary(), max);
      completion.accept(new Sampled(token, p.logProbs()[token], raw));
    }

    private int vocabulary() {
      return model.spec().vocabulary();
    }

    private float[] logits(CausalLm of, Tensor hidden) {
      return Autograd.off(() -> of.head().logits(hidden)).toFloats();
    }
  }
}
