package dev.temper.train;

import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a loss gives back for a micro-batch: terms that are not reduced yet, and metrics.
 *
 * @param metrics sums and counts by name; the loop adds them up over the step and logs sum / count
 */
public record LossOutput(List<Term> terms, Map<String, Mean> metrics) {
  /** Copies. */
  public LossOutput {
    terms = List.copyOf(terms);
    metrics = Map.copyOf(metrics);
  }

  /**
   * One term; the loop computes Σ values · weights / (count of {@code per} over the whole step).
   *
   * @param values any shape
   * @param weights the same shape
   */
  public record Term(String name, Tensor values, Tensor weights, Per per) {}

  /**
   * What a term is averaged over. The counts are known from host data before the first micro-batch.
   */
  public enum Per {
    /** The weights of all trained tokens, summed. */
    TOKEN,
    /** Sequences. */
    SEQUENCE,
    /** Examples (a pair is one). */
    EXAMPLE,
    /** Groups of completions of one prompt. */
    GROUP,
    /** Once a step: a plain sum. */
    STEP
  }

  /** A mean in parts, so that micro-batches add up. */
  public record Mean(double sum, double count) {
    /** Both parts added. */
    public Mean plus(Mean other) {
      return new Mean(sum + other.sum, count + other.count);
    }

    /** The mean; NaN if nothing was counted. */
    public double value() {
      return sum / count;
    }
  }

  /** One term named "loss" with weight 1 everywhere. */
  public static LossOutput of(Tensor values, Per per) {
    return weighted(values, Tensors.onesLike(values), per);
  }

  /** One term named "loss". */
  public static LossOutput weighted(Tensor values, Tensor weights, Per per) {
    return new LossOutput(List.of(new Term("loss", values, weights, per)), Map.of());
  }

  /** With one more term. */
  public LossOutput term(Term more) {
    List<Term> all = new ArrayList<>(terms);
    all.add(more);
    return new LossOutput(all, metrics);
  }

  /** With one more metric. */
  public LossOutput metric(String name, double sum, double count) {
    Map<String, Mean> more = new LinkedHashMap<>(metrics);
    more.put(name, new Mean(sum, count));
    return new LossOutput(terms, more);
  }

  LossOutput plus(LossOutput other) {
    List<Term> all = new ArrayList<>(terms);
    all.addAll(other.terms);
    Map<String, Mean> both = new LinkedHashMap<>(metrics);
    other.metrics.forEach((k, v) -> both.merge(k, v, Mean::plus));
    return new LossOutput(all, both);
  }

  /** All terms times a factor. */
  public LossOutput scaled(double factor) {
    return new LossOutput(
        terms.stream()
            .map(t -> new Term(t.name(), t.values(), t.weights().mul(factor), t.per()))
            .toList(),
        metrics);
  }
}
