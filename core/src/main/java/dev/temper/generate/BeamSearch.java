package dev.temper.generate;

import dev.temper.UserException;
import dev.temper.model.CausalLm;
import dev.temper.model.Decoder;
import dev.temper.model.KvCache;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Shutdown;
import dev.temper.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Beam search: keeps the most likely sequences of every length instead of the most likely token,
 * and returns those whose length-normalised log-probability is highest.
 *
 * <p>The rules are those of transformers' {@code generate(num_beams=…)}: at every step the best
 * {@code max(2, 1 + stop tokens) · beams} continuations are looked at, a continuation that ends is
 * finished only if it is among the best {@code beams} of them, and the others go on. Penalties and
 * constraints change log-probabilities and are not renormalised. Sums are in double precision.
 *
 * <p>Prompts are searched one after the other, the beams of a prompt as one batch with a key-value
 * cache.
 */
public final class BeamSearch {
  private final CausalLm model;

  /** A search with a model. */
  public BeamSearch(CausalLm model) {
    this.model = model;
  }

  /**
   * Searches a continuation of each prompt.
   *
   * @param prompts token ids, each with at least one id and shorter than the model's context
   * @param options length, stop tokens, penalties, constraints; the sampling must be greedy and
   *     stop strings are not supported
   * @return for each prompt {@link BeamOptions#returned()} sequences, best first; fewer only if
   *     constraints leave no more
   * @throws UserException if a prompt is empty or too long, or the logits are not usable
   */
  public List<ScoredCompletion> generate(
      List<int[]> prompts, GenerationOptions options, BeamOptions beams) {
    if (!options.sampling().isGreedy()) {
      throw new IllegalArgumentException(
          "sampling is a draw, beam search chooses: use Sampling.greedy(), with penalties if"
              + " wanted");
    }
    if (!options.stop().strings().isEmpty()) {
      throw new IllegalArgumentException(
          "stop strings are not looked for by beam search: end it with stop tokens");
    }
    List<ScoredCompletion> out = new ArrayList<>();
    for (int p = 0; p < prompts.size(); p++) {
      int first = p * beams.returned();
      int[] prompt = Prompts.check(model, prompts.get(p), p);
      List<Finished> best =
          Scope.run("beam search", () -> new Search(prompt, options, beams).run());
      for (int rank = 0; rank < Math.min(best.size(), beams.returned()); rank++) {
        out.add(completion(first + rank, best.get(rank), options));
      }
    }
    return out;
  }

  private ScoredCompletion completion(int index, Finished found, GenerationOptions options) {
    int n = found.beam.length;
    int[] ids = new int[n];
    float[] logProbs = new float[options.logProbs() ? n : 0];
    float[] raw = new float[logProbs.length];
    for (Beam b = found.beam; b.parent != null; b = b.parent) {
      ids[b.length - 1] = b.token;
      if (logProbs.length > 0) {
        logProbs[b.length - 1] = (float) b.logProb;
        raw[b.length - 1] = (float) b.rawLogProb;
      }
    }
    String text = "";
    if (model.hasTokenizer()) {
      int shown = found.reason == FinishReason.STOP_TOKEN ? n - 1 : n;
      text = model.tokenizer().decode(java.util.Arrays.copyOf(ids, shown), true);
    }
    return new ScoredCompletion(
        new Completion(index, ids, text, logProbs, raw, found.reason), found.score);
  }

  /** A sequence as its last token and what precedes it. */
  private static final class Beam {
    final @Nullable Beam parent;
    final int token;
    final int length;
    final double sum;
    final double logProb;
    final double rawLogProb;
    final TokenBuffer tokens;

    /** The prompt. */
    Beam(int[] prompt) {
      this.parent = null;
      this.token = -1;
      this.length = 0;
      this.sum = 0;
      this.logProb = 0;
      this.rawLogProb = 0;
      this.tokens = new TokenBuffer(prompt);
    }

    Beam(Beam parent, Candidate chosen) {
      this.parent = parent;
      this.token = chosen.token;
      this.length = parent.length + 1;
      this.sum = chosen.sum;
      this.logProb = chosen.sum - parent.sum;
      this.rawLogProb = chosen.rawLogProb;
      this.tokens = parent.tokens.copy();
      this.tokens.add(chosen.token);
    }
  }

  private record Candidate(int row, int token, double sum, double rawLogProb) {
    /** Best first; among equals the smaller row, then the smaller token. */
    static final Comparator<Candidate> ORDER =
        Comparator.comparingDouble((Candidate c) -> -c.sum)
            .thenComparingInt(Candidate::row)
            .thenComparingInt(Candidate::token);
  }

  private record Finished(Beam beam, double score, FinishReason reason) {}

  private final class Search {
    private final GenerationOptions options;
    private final BeamOptions settings;
    private final LogitsProcessor processor;
    private final int[] prompt;
    private final int room;
    private final int looked;
    private final List<Finished> finished = new ArrayList<>();
    private List<Beam> running;

    Search(int[] prompt, GenerationOptions options, BeamOptions settings) {
      this.prompt = prompt;
      this.options = options;
      this.settings = settings;
      this.processor = options.processor();
      this.room = Math.min(options.maxNewTokens(), model.spec().contextLength() - prompt.length);
      this.looked = Math.max(2, 1 + options.stop().tokens().size()) * settings.beams();
      this.running = List.of(new Beam(prompt));
    }

    List<Finished> run() {
      Decoder decoder = new Decoder(model);
      Decoder.Started started = decoder.start(List.of(prompt), room);
      try (KvCache cache = started.cache()) {
        int[] parents = Scope.run("first token", () -> advance(started.hidden()));
        while (goesOn()) {
          if (Shutdown.requested() || Thread.currentThread().isInterrupted()) {
            running.forEach(b -> finish(b, FinishReason.CANCELLED));
            break;
          }
          cache.reorder(parents);
          int[] tokens = running.stream().mapToInt(b -> b.token).toArray();
          parents = Scope.run("token", () -> advance(decoder.step(cache, tokens)));
        }
      }
      return finished;
    }

    /** Replaces the running sequences by their best continuations; the rows these come from. */
    private int[] advance(Tensor hidden) {
      float[] logits = Autograd.off(() -> model.head().logits(hidden)).toFloats();
      List<Candidate> best = best(logits);
      List<Beam> next = new ArrayList<>();
      List<Integer> parents = new ArrayList<>();
      boolean full = finished.size() >= settings.beams();
      for (int i = 0; i < best.size(); i++) {
        Candidate c = best.get(i);
        FinishReason reason = reason(c);
        if (reason == null && next.size() < settings.beams()) {
          next.add(new Beam(running.get(c.row), c));
          parents.add(c.row);
        } else if (reason != null
            && i < settings.beams()
            && !(full && settings.earlyStopping() == BeamOptions.EarlyStopping.WHEN_FULL)) {
          finish(new Beam(running.get(c.row), c), reason);
        }
      }
      running = next;
      return parents.stream().mapToInt(Integer::intValue).toArray();
    }

    private List<Candidate> best(float[] logits) {
      int vocabulary = logits.length / running.size();
      PriorityQueue<Candidate> kept = new PriorityQueue<>(Candidate.ORDER.reversed());
      float[] row = new float[vocabulary];
      for (int r = 0; r < running.size(); r++) {
        Beam beam = running.get(r);
        int offset = r * vocabulary;
        double max =
            Softmax.checkedMax(logits, offset, vocabulary, " after " + beam.length + " tokens");
        double logTotal = Softmax.logSumExp(logits, offset, vocabulary, max);
        for (int v = 0; v < vocabulary; v++) {
          row[v] = (float) (logits[offset + v] - logTotal);
        }
        processor.process(row, beam.tokens);
        for (int v = 0; v < vocabulary; v++) {
          double sum = beam.sum + row[v];
          if (row[v] > Float.NEGATIVE_INFINITY
              && (kept.size() < looked || sum > kept.element().sum)) {
            kept.add(new Candidate(r, v, sum, logits[offset + v] - logTotal));
            if (kept.size() > looked) {
              kept.remove();
            }
          }
        }
      }
      if (kept.isEmpty()) {
        throw new UserException(
            "No token can be chosen after "
                + running.get(0).length
                + " tokens: the constraints ban every token of every beam. Relax them.");
      }
      List<Candidate> sorted = new ArrayList<>(kept);
      sorted.sort(Candidate.ORDER);
      return sorted;
    }

    private @Nullable FinishReason reason(Candidate c) {
      if (options.stop().isStopToken(c.token)) {
        return FinishReason.STOP_TOKEN;
      }
      if (running.get(c.row).length + 1 < room) {
        return null;
      }
      return room == options.maxNewTokens() ? FinishReason.LENGTH : FinishReason.CONTEXT;
    }

    private void finish(Beam beam, FinishReason reason) {
      finished.add(new Finished(beam, score(beam.sum, beam.length), reason));
      finished.sort(Comparator.comparingDouble((Finished f) -> -f.score));
      if (finished.size() > settings.beams()) {
        finished.remove(finished.size() - 1);
      }
    }

    private double score(double sum, int length) {
      return sum / Math.pow(length, settings.lengthPenalty());
    }

    private boolean goesOn() {
      if (running.isEmpty()) {
        return false;
      }
      if (finished.size() < settings.beams()) {
        return true;
      }
      if (settings.earlyStopping() == BeamOptions.EarlyStopping.WHEN_FULL) {
        return false;
      }
      boolean atTheEnd =
          settings.earlyStopping() == BeamOptions.EarlyStopping.NEVER
              && settings.lengthPenalty() > 0;
      Beam best = running.get(0);
      return score(best.sum, atTheEnd ? room : best.length)
          > finished.get(finished.size() - 1).score;
    }
  }
}
