package dev.temper.train.metrics;

import static java.util.Objects.requireNonNull;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The metrics of one moment of a run.
 *
 * <p>Names are TRL's: {@code loss}, {@code grad_norm}, {@code learning_rate}, {@code entropy},
 * {@code mean_token_accuracy}, {@code num_tokens}, {@code rewards/margins}, {@code
 * tokens_per_second}, … Names of held-out metrics begin with {@code eval_}; the constructor adds
 * the prefix to those of an {@link Phase#EVAL} row that lack it. Values may be NaN or infinite: a
 * run that diverges must be visible.
 *
 * @param step optimizer steps completed, at least 0
 * @param epoch passes over the data completed, at least 0
 * @param values metric name to value, in the order to show them
 * @param phase the data it was measured on
 */
public record MetricRow(long step, double epoch, Map<String, Double> values, Phase phase) {
  /** Before the names of held-out metrics. */
  public static final String EVAL_PREFIX = "eval_";

  private static final Set<String> RESERVED = Set.of("step", "epoch", "phase");

  /** Checks the ranges and names, and copies the values. */
  public MetricRow {
    if (step < 0) {
      throw new IllegalArgumentException("MetricRow: step must be at least 0, got " + step);
    }
    if (!(epoch >= 0) || Double.isInfinite(epoch)) {
      throw new IllegalArgumentException(
          "MetricRow: epoch must be finite and at least 0, got " + epoch);
    }
    requireNonNull(phase, "phase");
    Map<String, Double> copy = new LinkedHashMap<>();
    for (Map.Entry<String, Double> entry : values.entrySet()) {
      String name = checkedName(entry.getKey());
      if (phase == Phase.EVAL && !name.startsWith(EVAL_PREFIX)) {
        name = EVAL_PREFIX + name;
      }
      if (copy.put(name, requireNonNull(entry.getValue(), name)) != null) {
        throw new IllegalArgumentException(
            "MetricRow: metric '"
                + name
                + "' is given twice (with and without "
                + EVAL_PREFIX
                + ")");
      }
    }
    values = Collections.unmodifiableMap(copy);
  }

  /** A row measured while training. */
  public static MetricRow train(long step, double epoch, Map<String, Double> values) {
    return new MetricRow(step, epoch, values, Phase.TRAIN);
  }

  /** A row measured on held-out data. */
  public static MetricRow eval(long step, double epoch, Map<String, Double> values) {
    return new MetricRow(step, epoch, values, Phase.EVAL);
  }

  private static String checkedName(String name) {
    if (name.isBlank() || name.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(
          "MetricRow: a metric name must be printable text without line breaks, got '"
              + name
              + "'");
    }
    if (RESERVED.contains(name)) {
      throw new IllegalArgumentException(
          "MetricRow: '"
              + name
              + "' is a column of its own: pass it as that argument, not as a metric");
    }
    return name;
  }
}
