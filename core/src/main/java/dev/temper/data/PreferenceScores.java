package dev.temper.data;

import java.util.OptionalDouble;

/**
 * What is known about how much better the chosen completion of a pair is.
 *
 * @param chosen score of the chosen completion; higher is better
 * @param rejected score of the rejected completion
 * @param margin by how much the chosen one should win (Touvron et al. 2023, Llama 2, equation 2)
 */
public record PreferenceScores(
    OptionalDouble chosen, OptionalDouble rejected, OptionalDouble margin) {
  /** Nothing is known. */
  public static final PreferenceScores NONE =
      new PreferenceScores(OptionalDouble.empty(), OptionalDouble.empty(), OptionalDouble.empty());

  /** Both scores; no margin, since votes and ranks have no scale a loss could use. */
  public static PreferenceScores of(double chosen, double rejected) {
    return new PreferenceScores(
        OptionalDouble.of(chosen), OptionalDouble.of(rejected), OptionalDouble.empty());
  }
}
