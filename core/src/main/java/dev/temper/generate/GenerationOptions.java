package dev.temper.generate;

import java.util.ArrayList;
import java.util.List;

/**
 * What to generate for each prompt.
 *
 * <pre>{@code
 * GenerationOptions.maxNewTokens(256)
 *     .sampling(Sampling.temperature(1.0).seed(7))
 *     .stop(StopConditions.tokens(eosId))
 *     .completionsPerPrompt(8)
 *     .logProbs(true)
 * }</pre>
 *
 * @param maxNewTokens the most tokens to generate, prompt not counted; at least 1
 * @param minNewTokens stop tokens are banned before this many tokens; 0 to {@code maxNewTokens}.
 *     Stop strings are not affected
 * @param sampling how a token is chosen, and the seed
 * @param stop what ends a completion before its length does
 * @param logProbs whether completions carry the log-probabilities of their tokens
 * @param completionsPerPrompt size of the group generated for each prompt; at least 1
 * @param constraints further processors, such as {@link BannedTokens}; applied before the
 *     temperature
 */
public record GenerationOptions(
    int maxNewTokens,
    int minNewTokens,
    Sampling sampling,
    StopConditions stop,
    boolean logProbs,
    int completionsPerPrompt,
    List<LogitsProcessor> constraints) {

  /** Copies and checks the settings. */
  public GenerationOptions {
    Checks.atLeast("max new tokens", maxNewTokens, 1, "ask for at least one token");
    Checks.check(
        minNewTokens >= 0 && minNewTokens <= maxNewTokens,
        "min new tokens",
        minNewTokens,
        "in [0, " + maxNewTokens + "] (max new tokens)",
        "lower it or raise the maximum");
    Checks.atLeast(
        "completions per prompt", completionsPerPrompt, 1, "ask for at least one completion");
    Checks.check(
        completionsPerPrompt == 1 || !sampling.isGreedy(),
        "completions per prompt",
        completionsPerPrompt,
        "1 with greedy decoding",
        "all would be the same; use Sampling.temperature(t)");
    constraints = List.copyOf(constraints);
  }

  /** Greedy decoding of up to so many tokens, one completion per prompt, no stop conditions. */
  public static GenerationOptions maxNewTokens(int maxNewTokens) {
    return new GenerationOptions(
        maxNewTokens, 0, Sampling.greedy(), StopConditions.none(), false, 1, List.of());
  }

  /** Sets the number of tokens before which no stop token may come. */
  public GenerationOptions minNewTokens(int minimum) {
    return new GenerationOptions(
        maxNewTokens, minimum, sampling, stop, logProbs, completionsPerPrompt, constraints);
  }

  /** Sets how tokens are chosen. */
  public GenerationOptions sampling(Sampling how) {
    return new GenerationOptions(
        maxNewTokens, minNewTokens, how, stop, logProbs, completionsPerPrompt, constraints);
  }

  /** Sets what ends a completion. */
  public GenerationOptions stop(StopConditions conditions) {
    return new GenerationOptions(
        maxNewTokens,
        minNewTokens,
        sampling,
        conditions,
        logProbs,
        completionsPerPrompt,
        constraints);
  }

  /** Sets whether completions carry log-probabilities. */
  public GenerationOptions logProbs(boolean wanted) {
    return new GenerationOptions(
        maxNewTokens, minNewTokens, sampling, stop, wanted, completionsPerPrompt, constraints);
  }

  /**
   * Sets the size of the group generated for each prompt; more than 1 needs a sampling that is not
   * greedy, so set that first.
   */
  public GenerationOptions completionsPerPrompt(int count) {
    return new GenerationOptions(
        maxNewTokens, minNewTokens, sampling, stop, logProbs, count, constraints);
  }

  /** Adds a processor after the present constraints. */
  public GenerationOptions constraint(LogitsProcessor processor) {
    List<LogitsProcessor> all = new ArrayList<>(constraints);
    all.add(processor);
    return new GenerationOptions(
        maxNewTokens, minNewTokens, sampling, stop, logProbs, completionsPerPrompt, all);
  }

  /** Sets the seed of the sampling. */
  public GenerationOptions seed(long seed) {
    return sampling(sampling.seed(seed));
  }

  /** The seed of the sampling. */
  public long seed() {
    return sampling.seed();
  }

  /**
   * A sampler for these options: the constraints, the minimum length and the sampling in their
   * order. One per thread.
   */
  public Sampler sampler() {
    return new Sampler(sampling, processors());
  }

  /** Penalties, minimum length, constraints and the sampling's filters, in their order. */
  LogitsProcessor processor() {
    return sampling.processor(processors());
  }

  private List<LogitsProcessor> processors() {
    List<LogitsProcessor> all = new ArrayList<>();
    if (minNewTokens > 0 && !stop.tokens().isEmpty()) {
      all.add(new MinNewTokens(minNewTokens, stop.tokens()));
    }
    all.addAll(constraints);
    return all;
  }
}
