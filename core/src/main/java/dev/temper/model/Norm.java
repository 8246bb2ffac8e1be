package dev.temper.model;

/** A normalisation over the last dimension, as data. */
public sealed interface Norm {
  /** Added to the mean square or variance before the root. */
  double eps();

  /** x / sqrt(mean(x²) + eps) · w (Zhang and Sennrich 2019). */
  record Rms(double eps) implements Norm {}

  /** x / sqrt(mean(x²) + eps) · (1 + w), as Gemma stores it. */
  record UnitOffsetRms(double eps) implements Norm {}

  /** (x - mean) / sqrt(variance + eps) · w + b (Ba et al. 2016). */
  record Layer(double eps) implements Norm {}
}
