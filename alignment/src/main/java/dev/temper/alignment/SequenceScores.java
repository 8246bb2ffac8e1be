package dev.temper.alignment;

import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * How likely a model finds S completions.
 *
 * @param sums Σ ln p over the trained tokens of each completion [S]
 * @param tokens ln p of every trained token, completion by completion [R]
 * @param sequences which completion each token belongs to, ascending [R]
 * @param lengths trained tokens of each completion [S]
 * @param statistics what the loss asked to know of each token's distribution [R]
 */
public record SequenceScores(
    Tensor sums,
    Tensor tokens,
    int[] sequences,
    float[] lengths,
    Map<TokenStatistic, Tensor> statistics) {
  /** Checks that the parts fit each other. */
  public SequenceScores {
    statistics = Map.copyOf(statistics);
    if (sums.shape().rank() != 1
        || sums.dim(0) != lengths.length
        || tokens.dim(0) != sequences.length) {
      throw new IllegalArgumentException(
          "SequenceScores: sums "
              + sums.shape()
              + " for "
              + lengths.length
              + " lengths, tokens "
              + tokens.shape()
              + " for "
              + sequences.length
              + " rows");
    }
  }

  /** Without statistics. */
  public SequenceScores(Tensor sums, Tensor tokens, int[] sequences, float[] lengths) {
    this(sums, tokens, sequences, lengths, Map.of());
  }

  SequenceScores withStatistics(Map<TokenStatistic, Tensor> values) {
    return new SequenceScores(sums, tokens, sequences, lengths, values);
  }

  /**
   * A statistic of each token, completion by completion [R].
   *
   * @throws IllegalArgumentException if the loss did not say that it wants it
   */
  public Tensor statistic(TokenStatistic which) {
    Tensor found = statistics.get(which);
    if (found == null) {
      throw new IllegalArgumentException(
          which + " is not known: PreferenceLoss.statistics() must name it");
    }
    return found;
  }

  /** Adds up values of tokens by their completion [S]. */
  public Tensor sumByCompletion(Tensor values) {
    return Tensors.zeros(count())
        .cast(values.dtype())
        .indexAdd(0, Tensors.ofInts(sequences), values);
  }

  /** From the tokens of {@code count} completions: differentiable sums and lengths. */
  public static SequenceScores ofTokens(Tensor tokens, int[] sequences, int count) {
    float[] lengths = new float[count];
    for (int s : sequences) {
      lengths[s]++;
    }
    Tensor zeros = Tensors.zeros(count).cast(tokens.dtype());
    Tensor sums = zeros.indexAdd(0, Tensors.ofInts(sequences), tokens);
    return new SequenceScores(sums, tokens, sequences, lengths);
  }

  /** The same completions with other log-probabilities of their tokens. */
  SequenceScores withTokens(Tensor newTokens) {
    return ofTokens(newTokens, sequences, count());
  }

  /** Several batches of completions as one. */
  static SequenceScores concat(List<SequenceScores> parts) {
    List<Integer> owners = new ArrayList<>();
    int before = 0;
    for (SequenceScores part : parts) {
      for (int s : part.sequences) {
        owners.add(before + s);
      }
      before += part.count();
    }
    Tensor tokens = Tensors.cat(parts.stream().map(SequenceScores::tokens).toList(), 0);
    return ofTokens(tokens, owners.stream().mapToInt(Integer::intValue).toArray(), before);
  }

  /** Completions. */
  public int count() {
    return lengths.length;
  }

  /** ln p per token: {@code sums / lengths} [S]. */
  public Tensor means() {
    return sums.div(lengthTensor());
  }

  /** The lengths in the type of the sums [S]. */
  public Tensor lengthTensor() {
    return Tensors.of(lengths, count()).cast(sums.dtype());
  }

  /**
   * Σ ln p where tokens from position {@code limits[s]} of a completion on count {@code weight}
   * times [S].
   */
  public SequenceScores discounted(float[] limits, double weight) {
    double[] factors = new double[sequences.length];
    int position = 0;
    for (int i = 0; i < factors.length; i++) {
      position = i > 0 && sequences[i] == sequences[i - 1] ? position + 1 : 0;
      factors[i] = position < limits[sequences[i]] ? 1 : weight;
    }
    Tensor scaled = tokens.mul(Tensors.of(factors, factors.length).cast(tokens.dtype()));
    Tensor zeros = Tensors.zeros(count()).cast(tokens.dtype());
    return new SequenceScores(
        zeros.indexAdd(0, Tensors.ofInts(sequences), scaled),
        tokens,
        sequences,
        lengths,
        statistics);
  }

  /** A constant of the type of the scores [S]. */
  public Tensor constant(double[] values) {
    return Tensors.of(values, count()).cast(sums.dtype());
  }

  @Override
  public String toString() {
    return "SequenceScores" + Arrays.toString(lengths);
  }
}
