package dev.temper.alignment;

import dev.temper.tensor.Parameter;
import java.util.Arrays;

/**
 * Mean and variance of all numbers seen, batch after batch (Chan et al. 1983).
 *
 * @param mean their mean
 * @param variance their variance, divided by their number
 * @param count how many there were
 */
public record RunningMoments(float mean, float variance, float count) {
  /** Nothing seen. */
  public static RunningMoments none() {
    return new RunningMoments(0, 1, 0);
  }

  /** With more numbers; unchanged if there are none. */
  public RunningMoments plus(double[] values) {
    if (values.length == 0) {
      return this;
    }
    double n = values.length;
    double theirs = Arrays.stream(values).sum() / n;
    double spread = Arrays.stream(values).map(v -> (v - theirs) * (v - theirs)).sum() / n;
    double total = count + n;
    double delta = theirs - mean;
    return new RunningMoments(
        (float) (mean + delta * n / total),
        (float) ((variance * count + spread * n + delta * delta * count * n / total) / total),
        (float) total);
  }

  /** These moments where a checkpoint saves and restores them. */
  Parameter toParameter(String name) {
    return Parameter.of(name, new float[] {mean, variance, count}, 3);
  }

  static RunningMoments of(Parameter p) {
    float[] values = p.toFloats();
    return new RunningMoments(values[0], values[1], values[2]);
  }

  void assignTo(Parameter p) {
    p.assign(new float[] {mean, variance, count});
  }
}
