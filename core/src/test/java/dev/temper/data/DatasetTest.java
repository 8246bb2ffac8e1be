package dev.temper.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DatasetTest {
  @Test
  void concatenation_keeps_order_and_skips_empty_parts() {
    Dataset<Integer> all =
        Dataset.concat(
            List.of(
                Dataset.<Integer>of(List.of()),
                Dataset.of(List.of(1, 2)),
                Dataset.<Integer>of(List.of()),
                Dataset.of(List.of(3))));
    assertThat(all.size()).isEqualTo(3);
    assertThat(all.stream()).containsExactly(1, 2, 3);
    assertThatThrownBy(() -> all.get(3)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThat(Dataset.concat(List.of()).size()).isZero();
  }

  @Test
  void map_transforms_on_reading() {
    assertThat(numbers(3).map(n -> n * 10).stream()).containsExactly(0, 10, 20);
  }

  @Test
  void a_split_is_a_partition_that_keeps_order() {
    for (int size = 2; size < 40; size++) {
      for (int held = 1; held < size; held += 3) {
        Dataset.Split<Integer> split = numbers(size).split(new HeldOut.Count(held), 7);
        List<Integer> train = split.train().stream().toList();
        List<Integer> heldOut = split.heldOut().stream().toList();
        assertThat(heldOut).hasSize(held).isSorted();
        assertThat(train).hasSize(size - held).isSorted();
        List<Integer> both = new ArrayList<>(train);
        both.addAll(heldOut);
        assertThat(both)
            .containsExactlyInAnyOrderElementsOf(IntStream.range(0, size).boxed().toList());
      }
    }
  }

  @Test
  void a_split_is_decided_by_its_seed() {
    List<Integer> first =
        numbers(1000).split(new HeldOut.Fraction(0.1), 1).heldOut().stream().toList();
    assertThat(first)
        .hasSize(100)
        .isEqualTo(numbers(1000).split(new HeldOut.Fraction(0.1), 1).heldOut().stream().toList());
    assertThat(first)
        .isNotEqualTo(
            numbers(1000).split(new HeldOut.Fraction(0.1), 2).heldOut().stream().toList());
  }

  @Test
  void a_split_that_leaves_nothing_is_refused() {
    assertThatThrownBy(() -> numbers(3).split(new HeldOut.Count(3), 0))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("no example would be left");
    assertThatThrownBy(() -> numbers(1).split(new HeldOut.Fraction(0.5), 0))
        .isInstanceOf(DataException.class);
    assertThatThrownBy(() -> new HeldOut.Fraction(1)).hasMessageContaining("fraction: 1.0");
    assertThatThrownBy(() -> new HeldOut.Count(0)).hasMessageContaining("examples: 0");
  }

  private static Dataset<Integer> numbers(int size) {
    return Dataset.of(IntStream.range(0, size).boxed().toList());
  }
}
