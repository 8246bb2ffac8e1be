package dev.temper.train.report;

import static java.util.Objects.requireNonNull;

/**
 * What the model answers to one prompt, before and after the run.
 *
 * @param prompt the prompt as text
 * @param before the completion of the model the run began with
 * @param after the completion of the trained model
 */
public record Sample(String prompt, String before, String after) {
  /** Checks that everything is given. */
  public Sample {
    requireNonNull(prompt, "prompt");
    requireNonNull(before, "before");
    requireNonNull(after, "after");
  }
}
