package dev.temper.data;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/**
 * How often data sets of different sizes are drawn from, for {@link DataCursor#mixture}.
 *
 * <p>{@code p_i = min(n_i, cap)^(1/T) / sum over j of min(n_j, cap)^(1/T)}, as in Raffel et al.
 * 2020 (T5, section 3.5.2): T = 1 draws in proportion to the sizes, a larger T gives small data
 * sets more than their share, and T without bound all the same. The cap bounds the largest ones
 * (3,000 in FLAN, Wei et al. 2021).
 *
 * @param temperature 1 or more; finite
 * @param cap a data set counts as no larger than this; at least 1
 */
public record Mixture(double temperature, OptionalLong cap) {
  /** Checks the ranges. */
  public Mixture {
    if (!(temperature >= 1) || Double.isInfinite(temperature)) {
      throw new IllegalArgumentException(
          "temperature: " + temperature + " must be finite and at least 1 (1: proportional)");
    }
    if (cap.isPresent() && cap.getAsLong() < 1) {
      throw new IllegalArgumentException("cap: " + cap.getAsLong() + " must be at least 1");
    }
  }

  /** In proportion to the sizes. */
  public static Mixture proportional() {
    return new Mixture(1, OptionalLong.empty());
  }

  /** Flattened by a temperature. */
  public static Mixture temperature(double temperature) {
    return new Mixture(temperature, OptionalLong.empty());
  }

  /** The same, with data sets counted as no larger than {@code cap}. */
  public Mixture capped(long cap) {
    return new Mixture(temperature, OptionalLong.of(cap));
  }

  /**
   * The share of each data set.
   *
   * @param sizes numbers of examples, at least one data set, 1 or more each
   * @return as many, positive, with sum 1
   */
  public List<Double> shares(List<Long> sizes) {
    Pass.checked(sizes);
    // Relative to the largest, so that no power overflows.
    long largest = sizes.stream().mapToLong(this::counted).max().orElseThrow();
    double[] parts =
        sizes.stream()
            .mapToDouble(n -> Math.pow((double) counted(n) / largest, 1 / temperature))
            .toArray();
    double sum = 0;
    for (double part : parts) {
      sum += part;
    }
    double total = sum;
    return Arrays.stream(parts).mapToObj(part -> part / total).toList();
  }

  private long counted(long size) {
    return Math.min(size, cap.orElse(size));
  }
}
