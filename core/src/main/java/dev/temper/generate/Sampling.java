package dev.temper.generate;

import java.util.ArrayList;
import java.util.List;

/**
 * How the next token is chosen: the most likely one, or one drawn from a tempered and filtered
 * distribution.
 *
 * <pre>{@code
 * Sampling.greedy()
 * Sampling.temperature(0.7).topP(0.9).seed(42)
 * }</pre>
 *
 * <p>The settings are applied in a fixed order, whatever order they are named in. It is the order
 * of transformers' {@code generate()}:
 *
 * <ol>
 *   <li>repetition penalty, no-repeat-ngram;
 *   <li>constraints: minimum length, banned tokens, one's own processors (see {@link
 *       GenerationOptions});
 *   <li>temperature;
 *   <li>top-k, top-p, min-p, typical-p, epsilon cutoff, eta cutoff, each on the distribution that
 *       the one before left.
 * </ol>
 *
 * <p>Nothing is filtered unless it is named here. (transformers applies top-k 50 when {@code
 * do_sample} is on and no top-k is given.)
 *
 * @param isGreedy choose the largest logit, the smallest id among ties; the first two steps above
 *     still apply
 * @param temperature greater than 0; 1 leaves the model's distribution
 * @param topK see {@link TopK}; 0 is off
 * @param topP see {@link TopP}; 1 is off
 * @param minP see {@link MinP}; 0 is off
 * @param typicalP see {@link TypicalP}; 1 is off
 * @param epsilonCutoff see {@link EpsilonCutoff}; 0 is off
 * @param etaCutoff see {@link EtaCutoff}; 0 is off
 * @param repetitionPenalty see {@link RepetitionPenalty}; 1 is off
 * @param noRepeatNgram see {@link NoRepeatNgram}; 0 is off
 * @param seed the same seed, model and prompts give the same completions
 */
public record Sampling(
    boolean isGreedy,
    double temperature,
    int topK,
    double topP,
    double minP,
    double typicalP,
    double epsilonCutoff,
    double etaCutoff,
    double repetitionPenalty,
    int noRepeatNgram,
    long seed) {

  /** Checks every range, and that greedy decoding is not given filters it would ignore. */
  public Sampling {
    processors(temperature, topK, topP, minP, typicalP, epsilonCutoff, etaCutoff);
    penalties(repetitionPenalty, noRepeatNgram);
    if (isGreedy) {
      Checks.check(
          temperature == 1,
          "temperature",
          temperature,
          "1 with greedy decoding, which ignores it",
          "start from Sampling.temperature(t)");
      refuseWithGreedy("top-k", topK, topK == 0);
      refuseWithGreedy("top-p", topP, topP == 1);
      refuseWithGreedy("min-p", minP, minP == 0);
      refuseWithGreedy("typical-p", typicalP, typicalP == 1);
      refuseWithGreedy("epsilon cutoff", epsilonCutoff, epsilonCutoff == 0);
      refuseWithGreedy("eta cutoff", etaCutoff, etaCutoff == 0);
    }
  }

  /** The most likely token at every step. */
  public static Sampling greedy() {
    return new Sampling(true, 1, 0, 1, 0, 1, 0, 0, 1, 0, 0);
  }

  /**
   * A draw from the model's distribution at a temperature.
   *
   * @param temperature greater than 0; 1 is the model's own distribution
   */
  public static Sampling temperature(double temperature) {
    return new Sampling(false, temperature, 0, 1, 0, 1, 0, 0, 1, 0, 0);
  }

  /** Keeps the k most likely tokens; see {@link TopK}. 0 turns it off. */
  public Sampling topK(int k) {
    return new Sampling(
        isGreedy,
        temperature,
        k,
        topP,
        minP,
        typicalP,
        epsilonCutoff,
        etaCutoff,
        repetitionPenalty,
        noRepeatNgram,
        seed);
  }

  /** Keeps the most likely tokens up to a probability; see {@link TopP}. 1 turns it off. */
  public Sampling topP(double p) {
    return new Sampling(
        isGreedy,
        temperature,
        topK,
        p,
        minP,
        typicalP,
        epsilonCutoff,
        etaCutoff,
        repetitionPenalty,
        noRepeatNgram,
        seed);
  }

  /** Bans tokens much less likely than the most likely one; see {@link MinP}. 0 turns it off. */
  public Sampling minP(double p) {
    return new Sampling(
        isGreedy,
        temperature,
        topK,
        topP,
        p,
        typicalP,
        epsilonCutoff,
        etaCutoff,
        repetitionPenalty,
        noRepeatNgram,
        seed);
  }

  /** Keeps the tokens of typical information content; see {@link TypicalP}. 1 turns it off. */
  public Sampling typicalP(double p) {
    return new Sampling(
        isGreedy,
        temperature,
        topK,
        topP,
        minP,
        p,
        epsilonCutoff,
        etaCutoff,
        repetitionPenalty,
        noRepeatNgram,
        seed);
  }

  /** Bans tokens less likely than epsilon; see {@link EpsilonCutoff}. 0 turns it off. */
  public Sampling epsilonCutoff(double epsilon) {
    return new Sampling(
        isGreedy,
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        epsilon,
        etaCutoff,
        repetitionPenalty,
        noRepeatNgram,
        seed);
  }

  /**
   * Bans tokens by a threshold that depends on the entropy; see {@link EtaCutoff}. 0 turns it off.
   */
  public Sampling etaCutoff(double epsilon) {
    return new Sampling(
        isGreedy,
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        epsilonCutoff,
        epsilon,
        repetitionPenalty,
        noRepeatNgram,
        seed);
  }

  /** Makes ids that occurred before less likely; see {@link RepetitionPenalty}. 1 turns it off. */
  public Sampling repetitionPenalty(double penalty) {
    return new Sampling(
        isGreedy,
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        epsilonCutoff,
        etaCutoff,
        penalty,
        noRepeatNgram,
        seed);
  }

  /** Never repeats an n-gram; see {@link NoRepeatNgram}. 0 turns it off. */
  public Sampling noRepeatNgram(int size) {
    return new Sampling(
        isGreedy,
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        epsilonCutoff,
        etaCutoff,
        repetitionPenalty,
        size,
        seed);
  }

  /** Sets the seed. */
  public Sampling seed(long seed) {
    return new Sampling(
        isGreedy,
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        epsilonCutoff,
        etaCutoff,
        repetitionPenalty,
        noRepeatNgram,
        seed);
  }

  /** The processors of these settings, in order. */
  public LogitsProcessor processor() {
    return processor(List.of());
  }

  /**
   * The processors of these settings in order, with constraints in their place before the
   * temperature.
   *
   * @param constraints minimum length, banned tokens, one's own processors
   */
  public LogitsProcessor processor(List<? extends LogitsProcessor> constraints) {
    List<LogitsProcessor> all = new ArrayList<>(penalties(repetitionPenalty, noRepeatNgram));
    all.addAll(constraints);
    all.addAll(processors(temperature, topK, topP, minP, typicalP, epsilonCutoff, etaCutoff));
    return LogitsProcessor.chain(all);
  }

  private static List<LogitsProcessor> penalties(double repetitionPenalty, int noRepeatNgram) {
    List<LogitsProcessor> all = new ArrayList<>();
    if (repetitionPenalty != 1) {
      all.add(new RepetitionPenalty(repetitionPenalty));
    }
    if (noRepeatNgram != 0) {
      all.add(new NoRepeatNgram(noRepeatNgram));
    }
    return all;
  }

  private static List<LogitsProcessor> processors(
      double temperature,
      int topK,
      double topP,
      double minP,
      double typicalP,
      double epsilonCutoff,
      double etaCutoff) {
    List<LogitsProcessor> all = new ArrayList<>();
    if (temperature != 1) {
      all.add(new Temperature(temperature));
    }
    if (topK != 0) {
      all.add(new TopK(topK));
    }
    if (topP != 1) {
      all.add(new TopP(topP));
    }
    if (minP != 0) {
      all.add(new MinP(minP));
    }
    if (typicalP != 1) {
      all.add(new TypicalP(typicalP));
    }
    if (epsilonCutoff != 0) {
      all.add(new EpsilonCutoff(epsilonCutoff));
    }
    if (etaCutoff != 0) {
      all.add(new EtaCutoff(etaCutoff));
    }
    return all;
  }

  private static void refuseWithGreedy(String name, Object value, boolean off) {
    Checks.check(
        off,
        name,
        value,
        "off with greedy decoding, which ignores it",
        "start from Sampling.temperature(t), or leave it out");
  }
}
