package dev.temper.alignment;

import dev.temper.UserException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the data says of P pairs beside which completion is better.
 *
 * @param margins how much better, 0 where the data does not say [P]
 * @param chosenScores a score of the chosen completion, NaN where there is none [P]
 * @param rejectedScores a score of the rejected completion, NaN where there is none [P]
 */
public record PairLabels(double[] margins, double[] chosenScores, double[] rejectedScores) {
  /** No margins and no scores for {@code count} pairs. */
  public static PairLabels none(int count) {
    double[] absent = new double[count];
    Arrays.fill(absent, Double.NaN);
    return new PairLabels(new double[count], absent, absent.clone());
  }

  static PairLabels concat(List<PairLabels> parts) {
    return new PairLabels(
        join(parts.stream().map(PairLabels::margins)),
        join(parts.stream().map(PairLabels::chosenScores)),
        join(parts.stream().map(PairLabels::rejectedScores)));
  }

  private static double[] join(Stream<double[]> parts) {
    return parts.flatMapToDouble(Arrays::stream).toArray();
  }

  /** The chosen scores, if every pair has one. */
  public double[] requireChosenScores(String loss) {
    return require(chosenScores, "chosen_score", loss);
  }

  /** The rejected scores, if every pair has one. */
  public double[] requireRejectedScores(String loss) {
    return require(rejectedScores, "rejected_score", loss);
  }

  private static double[] require(double[] scores, String column, String loss) {
    for (double s : scores) {
      if (Double.isNaN(s)) {
        throw new UserException(
            loss + " needs the column '" + column + "' in every pair; a pair has none");
      }
    }
    return scores;
  }
}
