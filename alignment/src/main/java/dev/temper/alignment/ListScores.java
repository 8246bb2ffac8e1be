package dev.temper.alignment;

import dev.temper.UserException;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What a listwise loss looks at: L prompts with any number of completions each, and how good the
 * data says they are.
 *
 * @param policy the policy's view of all completions, list after list
 * @param reference the reference's view, a constant
 * @param starts first completion of each list, and the number of completions at the end [L + 1]
 * @param rewards how good each completion is; only differences matter [S]
 */
public record ListScores(
    SequenceScores policy, Optional<SequenceScores> reference, int[] starts, double[] rewards) {
  /** Checks that the lists cover the completions. */
  public ListScores {
    if (starts.length < 2
        || starts[0] != 0
        || starts[starts.length - 1] != policy.count()
        || rewards.length != policy.count()) {
      throw new IllegalArgumentException(
          "ListScores: lists "
              + Arrays.toString(starts)
              + " and "
              + rewards.length
              + " rewards for "
              + policy.count()
              + " completions");
    }
  }

  /** Lists. */
  public int count() {
    return starts.length - 1;
  }

  /** Completions of list {@code l}, the best first; ties keep the order of the data. */
  public int[] ranked(int l) {
    List<Integer> order = new ArrayList<>();
    for (int i = starts[l]; i < starts[l + 1]; i++) {
      order.add(i);
    }
    order.sort(Comparator.comparingDouble((Integer i) -> rewards[i]).reversed());
    return order.stream().mapToInt(Integer::intValue).toArray();
  }

  /** h = ln π − ln π_ref of every completion [S]. */
  public Tensor logRatios() {
    SequenceScores against =
        reference.orElseThrow(
            () ->
                new UserException(
                    "this loss compares with a reference model and there is none: give the trainer"
                        + " a reference"));
    return policy.sums().sub(against.sums());
  }

  /**
   * All pairs of a better and a worse completion of one list; ties make no pair.
   *
   * @param better indices of the better ones
   * @param worse indices of the worse ones
   * @param lists the list of each pair
   */
  public record Pairs(int[] better, int[] worse, int[] lists) {}

  /** The pairs the rewards order. */
  public Pairs pairs() {
    List<int[]> found = new ArrayList<>();
    for (int l = 0; l < count(); l++) {
      for (int i = starts[l]; i < starts[l + 1]; i++) {
        for (int j = starts[l]; j < starts[l + 1]; j++) {
          if (rewards[i] > rewards[j]) {
            found.add(new int[] {i, j, l});
          }
        }
      }
    }
    return new Pairs(column(found, 0), column(found, 1), column(found, 2));
  }

  /** Adds up values of pairs by their list [L]. */
  public Tensor sumByList(Tensor values, int[] lists) {
    return Tensors.zeros(count()).cast(values.dtype()).indexAdd(0, Tensors.ofInts(lists), values);
  }

  private static int[] column(List<int[]> rows, int c) {
    return rows.stream().mapToInt(r -> r[c]).toArray();
  }
}
