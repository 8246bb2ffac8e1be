package dev.temper.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Cuts the examples of a step into micro-batches by their numbers of tokens. */
public final class TokenBudget {
  private TokenBudget() {}

  /**
   * Cuts a list in order: a batch ends before the example that would take it over the budget.
   *
   * @param lengths tokens of each example, 0 or more
   * @param budget most tokens in a batch, at least 1; an example that is larger gets a batch of its
   *     own
   * @return for each batch the indices of its examples; every index once, ascending throughout
   */
  public static List<int[]> split(int[] lengths, int budget) {
    check(lengths, budget);
    List<int[]> batches = new ArrayList<>();
    int start = 0;
    long tokens = 0;
    for (int i = 0; i < lengths.length; i++) {
      if (i > start && tokens + lengths[i] > budget) {
        batches.add(IntStream.range(start, i).toArray());
        start = i;
        tokens = 0;
      }
      tokens += lengths[i];
    }
    if (start < lengths.length) {
      batches.add(IntStream.range(start, lengths.length).toArray());
    }
    return batches;
  }

  /**
   * Cuts a list into few batches of about equal numbers of tokens, without regard to order: each
   * example goes, longest first, to the batch that has the fewest tokens (LPT scheduling, Graham
   * 1969), with as few batches as that takes. Never more batches than first-fit decreasing needs.
   *
   * @param lengths tokens of each example, 0 or more
   * @param budget most tokens in a batch, at least 1; an example that is larger gets a batch of its
   *     own
   * @return for each batch the indices of its examples, ascending; batches by their first index;
   *     every index once
   */
  public static List<int[]> balance(int[] lengths, int budget) {
    check(lengths, budget);
    List<Integer> order = new ArrayList<>();
    List<List<Integer>> batches = new ArrayList<>();
    long total = 0;
    for (int i : longestFirst(lengths)) {
      if (lengths[i] > budget) {
        batches.add(List.of(i));
      } else {
        order.add(i);
        total += lengths[i];
      }
    }
    List<List<Integer>> fitted = firstFit(order, lengths, budget);
    for (int count = (int) Math.max(1, (total + budget - 1) / budget);
        count <= fitted.size();
        count++) {
      List<List<Integer>> even = leastLoaded(order, lengths, count);
      if (even.stream().allMatch(batch -> tokens(batch, lengths) <= budget)) {
        fitted = even;
        break;
      }
    }
    batches.addAll(fitted);
    return batches.stream()
        .filter(batch -> !batch.isEmpty())
        .map(batch -> batch.stream().mapToInt(Integer::intValue).sorted().toArray())
        .sorted(Comparator.comparingInt(batch -> batch[0]))
        .toList();
  }

  /** Indices by length, longest first; equal lengths keep their order. */
  static int[] longestFirst(int[] lengths) {
    return IntStream.range(0, lengths.length)
        .boxed()
        .sorted(Comparator.comparingInt((Integer i) -> lengths[i]).reversed())
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private static List<List<Integer>> firstFit(List<Integer> order, int[] lengths, int budget) {
    List<List<Integer>> batches = new ArrayList<>();
    long[] tokens = new long[order.size()];
    for (int i : order) {
      int b = 0;
      while (b < batches.size() && tokens[b] + lengths[i] > budget) {
        b++;
      }
      if (b == batches.size()) {
        batches.add(new ArrayList<>());
      }
      batches.get(b).add(i);
      tokens[b] += lengths[i];
    }
    return batches;
  }

  private static List<List<Integer>> leastLoaded(List<Integer> order, int[] lengths, int count) {
    List<List<Integer>> batches = new ArrayList<>();
    for (int b = 0; b < count; b++) {
      batches.add(new ArrayList<>());
    }
    long[] tokens = new long[count];
    for (int i : order) {
      int least = 0;
      for (int b = 1; b < count; b++) {
        if (tokens[b] < tokens[least]) {
          least = b;
        }
      }
      batches.get(least).add(i);
      tokens[least] += lengths[i];
    }
    return batches;
  }

  private static long tokens(List<Integer> batch, int[] lengths) {
    return batch.stream().mapToLong(i -> lengths[i]).sum();
  }

  private static void check(int[] lengths, int budget) {
    if (budget < 1) {
      throw new IllegalArgumentException("budget: " + budget + " must be at least 1 token");
    }
    if (Arrays.stream(lengths).anyMatch(length -> length < 0)) {
      throw new IllegalArgumentException("lengths: a length is negative");
    }
  }
}
