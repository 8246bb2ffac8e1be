package dev.temper.data;

import java.util.List;

/**
 * A problem and a solution in steps, each with a label.
 *
 * @param prompt the problem
 * @param steps the steps, at least one
 * @param labels as many, 0 to 1: 1 for a right step, 0 for a wrong one; between them the share of
 *     continuations that reach the right answer, where the data has that
 * @param info origin, weight and unused columns
 */
public record StepwiseRow(String prompt, List<String> steps, List<Double> labels, RowInfo info)
    implements TypedRow {
  /** Copies the lists and checks them. */
  public StepwiseRow {
    steps = List.copyOf(steps);
    labels = List.copyOf(labels);
    if (steps.isEmpty() || steps.size() != labels.size()) {
      throw new DataException(
          info.origin(),
          "a stepwise row needs at least one step and a label for each: "
              + steps.size()
              + " steps, "
              + labels.size()
              + " labels");
    }
    for (double label : labels) {
      if (!(label >= 0 && label <= 1)) {
        throw new DataException(
            info.origin(), "a step's label is " + label + "; it must be from 0 to 1");
      }
    }
  }
}
