package dev.temper.train;

/**
 * How many there are in a whole optimizer step, computed from host data: the normalisers of {@link
 * LossOutput.Per}.
 *
 * @param tokens sum of the weights of the trained tokens
 */
public record Counts(double tokens, double sequences, double examples, double groups) {
  double of(LossOutput.Per per) {
    return switch (per) {
      case TOKEN -> tokens;
      case SEQUENCE -> sequences;
      case EXAMPLE -> examples;
      case GROUP -> groups;
      case STEP -> 1;
    };
  }
}
