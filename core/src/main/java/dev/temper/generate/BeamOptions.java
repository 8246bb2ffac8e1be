package dev.temper.generate;

/**
 * Settings of a {@link BeamSearch}.
 *
 * @param beams sequences kept at every step; at least 2
 * @param lengthPenalty exponent of the length a finished sequence's log-probability is divided by:
 *     0 compares sums, 1 means per token; above 0 favours long sequences, below 0 short ones
 * @param earlyStopping when the search ends before the length does
 * @param returned sequences returned for each prompt, best first; 1 to {@code beams}
 */
public record BeamOptions(
    int beams, double lengthPenalty, EarlyStopping earlyStopping, int returned) {
  /** When a search with as many finished sequences as beams may end. */
  public enum EarlyStopping {
    /** As soon as there are that many. ({@code early_stopping=True} of transformers.) */
    WHEN_FULL,
    /**
     * When the best running sequence, scored at its present length, is no better than the worst
     * finished one. ({@code early_stopping=False}, the default of transformers.)
     */
    HEURISTIC,
    /**
     * When no running sequence can become better than the worst finished one, whatever follows: a
     * positive length penalty is taken at the greatest length. ({@code early_stopping="never"}.)
     */
    NEVER
  }

  /** Checks the settings. */
  public BeamOptions {
    Checks.atLeast("beams", beams, 2, "one beam is greedy decoding: use LocalGenerator");
    Checks.check(
        Double.isFinite(lengthPenalty),
        "length penalty",
        lengthPenalty,
        "finite",
        "1 compares log-probabilities per token");
    Checks.check(
        returned >= 1 && returned <= beams,
        "returned sequences",
        returned,
        "in [1, " + beams + "] (beams)",
        "search with more beams to get more");
  }

  /** So many beams, length penalty 1, the best sequence returned. */
  public static BeamOptions beams(int beams) {
    return new BeamOptions(beams, 1, EarlyStopping.HEURISTIC, 1);
  }

  /** Sets the exponent of the length. */
  public BeamOptions lengthPenalty(double exponent) {
    return new BeamOptions(beams, exponent, earlyStopping, returned);
  }

  /** Sets when the search ends. */
  public BeamOptions earlyStopping(EarlyStopping when) {
    return new BeamOptions(beams, lengthPenalty, when, returned);
  }

  /** Sets how many sequences are returned for each prompt. */
  public BeamOptions returned(int sequences) {
    return new BeamOptions(beams, lengthPenalty, earlyStopping, sequences);
  }
}
