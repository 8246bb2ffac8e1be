package dev.temper.data;

/**
 * When a pass over a mixture ends, as in {@code datasets.interleave_datasets}. A data set that has
 * been used up before that begins again.
 */
public enum StopRule {
  /** As soon as one data set has given all its examples: none is seen twice. */
  FIRST_EXHAUSTED,
  /** When every data set has given all its examples at least once: none is left out. */
  ALL_EXHAUSTED,
  /** After as many examples as the data sets have together. */
  TOTAL_SIZE
}
