package dev.temper.generate;

import java.util.Arrays;

/**
 * The distribution a token is drawn from, after penalties, constraints, temperature and filters.
 *
 * @param probabilities [V], adds up to 1; greedy decoding is all on one token
 * @param logProbs natural logarithms before greedy decoding chose; -infinity where banned
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Distribution(double[] probabilities, double[] logProbs) {
  /**
   * The distribution of a row of logits.
   *
   * @param logits holds the row; is not changed
   */
  static Distribution of(
      float[] logits, int offset, int vocabulary, Shaping shaping, TokenContext context) {
    float[] row = Arrays.copyOfRange(logits, offset, offset + vocabulary);
    String where = " at position " + context.length() + " of the sequence";
    Softmax.checkedMax(row, 0, vocabulary, where);
    shaping.processor.process(row, context);
    double max = Softmax.checkedMax(row, 0, vocabulary, where);
    double[] p = new double[vocabulary];
    double sum = Softmax.weights(row, vocabulary, max, p);
    double[] logProbs = new double[vocabulary];
    int best = 0;
    for (int i = 0; i < vocabulary; i++) {
      p[i] /= sum;
      logProbs[i] = row[i] - max - Math.log(sum);
      best = row[i] > row[best] ? i : best;
    }
    if (shaping.greedy) {
      Arrays.fill(p, 0);
      p[best] = 1;
    }
    return new Distribution(p, logProbs);
  }

  /** What turns logits into a distribution. */
  record Shaping(LogitsProcessor processor, boolean greedy) {}

  /** Draws a token. */
  int draw(double u) {
    return draw(probabilities, 1, u);
  }

  /** The first token whose cumulative weight exceeds u times the sum. */
  static int draw(double[] weights, double sum, double u) {
    double cumulative = 0;
    int last = 0;
    for (int i = 0; i < weights.length; i++) {
      if (weights[i] > 0) {
        cumulative += weights[i];
        last = i;
        if (cumulative > u * sum) {
          return i;
        }
      }
    }
    return last;
  }
}
