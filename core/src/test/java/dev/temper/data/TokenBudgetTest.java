package dev.temper.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TokenBudgetTest {
  @Test
  void cuts_in_order_and_gives_a_large_example_its_own_batch() {
    assertThat(TokenBudget.split(new int[] {3, 4, 3, 20, 1, 0}, 10))
        .containsExactly(new int[] {0, 1, 2}, new int[] {3}, new int[] {4, 5});
    assertThat(TokenBudget.split(new int[] {}, 10)).isEmpty();
    assertThat(
            TokenBudget.split(new int[] {Integer.MAX_VALUE, Integer.MAX_VALUE}, Integer.MAX_VALUE))
        .hasSize(2);
  }

  @Test
  void balanced_batches_are_even() {
    List<int[]> batches = TokenBudget.balance(new int[] {9, 1, 8, 2, 7, 3, 30}, 16);
    assertThat(batches).hasSize(3).anyMatch(batch -> Arrays.equals(batch, new int[] {6}));
    int[] lengths = {9, 1, 8, 2, 7, 3, 30};
    assertThat(
            batches.stream()
                .mapToInt(b -> Arrays.stream(b).map(i -> lengths[i]).sum())
                .filter(n -> n != 30))
        .containsExactly(15, 15);
  }

  @Test
  void both_cuts_are_partitions_within_the_budget() {
    SplittableRandom random = new SplittableRandom(3);
    for (int trial = 0; trial < 500; trial++) {
      int budget = 1 + random.nextInt(100);
      int[] lengths = random.ints(random.nextInt(40), 0, 60).toArray();
      List<int[]> ordered = TokenBudget.split(lengths, budget);
      List<int[]> balanced = TokenBudget.balance(lengths, budget);
      assertThat(ordered.stream().flatMapToInt(IntStream::of))
          .containsExactly(IntStream.range(0, lengths.length).boxed().toArray(Integer[]::new));
      assertThat(balanced.stream().flatMapToInt(IntStream::of))
          .containsExactlyInAnyOrder(
              IntStream.range(0, lengths.length).boxed().toArray(Integer[]::new));
      for (List<int[]> batches : List.of(ordered, balanced)) {
        for (int[] batch : batches) {
          assertThat(batch).isSorted().isNotEmpty();
          assertThat(batch.length == 1 || Arrays.stream(batch).map(i -> lengths[i]).sum() <= budget)
              .isTrue();
        }
      }
    }
  }

  @Test
  void wrong_arguments_are_refused() {
    assertThatThrownBy(() -> TokenBudget.split(new int[] {1}, 0)).hasMessageContaining("budget: 0");
    assertThatThrownBy(() -> TokenBudget.balance(new int[] {-1}, 5))
        .hasMessageContaining("negative");
  }
}
