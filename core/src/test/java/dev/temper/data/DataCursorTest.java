package dev.temper.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class DataCursorTest {
  @Test
  void every_pass_is_a_permutation_for_every_size() {
    for (int size = 1; size <= 130; size++) {
      DataCursor cursor = DataCursor.over(size, DataOrder.shuffled(size * 31L));
      for (int pass = 0; pass < 3; pass++) {
        assertThat(cursor.epoch()).isEqualTo(pass);
        assertThat(cursor.next(size))
            .containsExactlyInAnyOrder(LongStream.range(0, size).toArray());
      }
    }
  }

  @Test
  void a_large_pass_is_a_permutation() {
    int size = 1_000_003;
    Permutation permutation = new Permutation(size, 5, 0);
    boolean[] seen = new boolean[size];
    for (int i = 0; i < size / 10; i++) {
      int at = (int) permutation.at(i);
      assertThat(seen[at]).isFalse();
      seen[at] = true;
    }
    long huge = 1L << 61;
    assertThat(LongStream.range(0, 1000).map(new Permutation(huge, 5, 0)::at))
        .doesNotHaveDuplicates()
        .allMatch(x -> x >= 0 && x < huge);
  }

  @Test
  void every_order_of_few_examples_is_about_equally_likely() {
    for (int size : new int[] {2, 3, 4}) {
      int orders = size == 2 ? 2 : size == 3 ? 6 : 24;
      int trials = 2000 * orders;
      Map<String, Integer> counts = new HashMap<>();
      for (int seed = 0; seed < trials; seed++) {
        counts.merge(
            Arrays.toString(DataCursor.over(size, DataOrder.shuffled(seed)).next(size)),
            1,
            Integer::sum);
      }
      double chiSquare =
          counts.values().stream().mapToDouble(n -> (n - 2000.0) * (n - 2000.0) / 2000).sum();
      assertThat(counts).hasSize(orders);
      // mean orders - 1, standard deviation sqrt(2 (orders - 1)): six of them
      assertThat(chiSquare).isLessThan(orders - 1 + 6 * Math.sqrt(2.0 * (orders - 1)));
    }
  }

  @Test
  void passes_and_seeds_give_different_orders() {
    DataCursor one = DataCursor.over(100, DataOrder.shuffled(1));
    long[] first = one.next(100);
    assertThat(one.next(100)).isNotEqualTo(first);
    assertThat(DataCursor.over(100, DataOrder.shuffled(1)).next(100)).isEqualTo(first);
    assertThat(DataCursor.over(100, DataOrder.shuffled(2)).next(100)).isNotEqualTo(first);
  }

  @Test
  void the_order_does_not_change_between_versions() {
    // Checked once against the same algorithm written in Python; a change would break the
    // resumption of saved runs.
    assertThat(DataCursor.over(10, DataOrder.shuffled(42)).next(20)).containsExactly(FROZEN);
  }

  @Test
  void unshuffled_is_file_order_and_wraps() {
    DataCursor cursor = DataCursor.concat(List.of(2L, 1L), DataOrder.asIs());
    assertThat(cursor.size()).isEqualTo(3);
    assertThat(cursor.next(7)).containsExactly(0, 1, 2, 0, 1, 2, 0);
    assertThat(cursor.epoch()).isEqualTo(2);
    assertThat(cursor.next(0)).isEmpty();
  }

  @Test
  void a_resumed_cursor_goes_on_identically_from_any_point() {
    List<Supplier<DataCursor>> kinds =
        List.of(
            () -> DataCursor.over(13, DataOrder.shuffled(9)),
            () -> DataCursor.over(13, DataOrder.asIs()),
            () -> DataCursor.concat(List.of(5L, 8L), DataOrder.shuffled(9)),
            () -> DataCursor.mixture(List.of(5L, 8L), List.of(3.0, 1.0), DataOrder.shuffled(9), 4),
            () -> DataCursor.mixture(List.of(5L, 8L), List.of(3.0, 1.0), DataOrder.asIs(), 4));
    for (Supplier<DataCursor> kind : kinds) {
      long[] whole = kind.get().next(60);
      for (int at = 0; at < 60; at++) {
        DataCursor begun = kind.get();
        begun.next(at);
        CursorState state = CursorState.fromJson(begun.state().toJson());
        assertThat(state).isEqualTo(begun.state());
        DataCursor resumed = kind.get();
        resumed.resume(state);
        assertThat(resumed.next(60 - at)).isEqualTo(Arrays.copyOfRange(whole, at, 60));
      }
    }
  }

  @Test
  void a_mixture_keeps_its_proportions_and_each_source_its_passes() {
    List<Long> sizes = List.of(10L, 1000L, 50L);
    DataCursor cursor = DataCursor.mixture(sizes, List.of(0.7, 0.2, 0.1), DataOrder.shuffled(1), 3);
    long[] drawn = cursor.next(20_000);
    long[] first = Arrays.stream(drawn).filter(i -> i < 10).toArray();
    long third = Arrays.stream(drawn).filter(i -> i >= 1010).count();
    assertThat(first.length / 20_000.0).isBetween(0.685, 0.715);
    assertThat(third / 20_000.0).isBetween(0.09, 0.11);
    for (int pass = 0; pass + 10 <= 1000; pass += 10) {
      assertThat(Arrays.copyOfRange(first, pass, pass + 10))
          .containsExactlyInAnyOrder(LongStream.range(0, 10).toArray());
    }
    assertThat(cursor.state().drawn().stream().mapToLong(Long::longValue).sum()).isEqualTo(20_000);
  }

  @Test
  void a_state_of_other_data_is_refused() {
    DataCursor cursor = DataCursor.over(10, DataOrder.shuffled(1));
    CursorState state = cursor.state();
    assertThatThrownBy(() -> DataCursor.over(11, DataOrder.shuffled(1)).resume(state))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("use the same data");
    assertThatThrownBy(() -> DataCursor.over(10, DataOrder.shuffled(2)).resume(state))
        .hasMessageContaining("seed is 2, but was 1");
    assertThatThrownBy(
            () -> DataCursor.mixture(List.of(10L), List.of(1.0), DataOrder.asIs(), 1).resume(state))
        .hasMessageContaining("not mixed");
    assertThatThrownBy(() -> cursor.resume(new CursorState(1, 0, 10, List.of(10L), List.of())))
        .hasMessageContaining("not within a pass");
    for (String json :
        List.of(
            "",
            "{}",
            "[]",
            "{\"seed\":1,\"epoch\":-1,\"position\":0,\"sizes\":[],\"drawn\":[]}",
            "{\"seed\":1,\"epoch\":1,\"position\":0,\"sizes\":[null],\"drawn\":[]}")) {
      assertThatThrownBy(() -> CursorState.fromJson(json))
          .as(json)
          .isInstanceOf(DataException.class);
    }
  }

  @Test
  void wrong_settings_are_refused() {
    assertThatThrownBy(() -> DataCursor.over(0, DataOrder.asIs()))
        .hasMessageContaining("has no examples");
    assertThatThrownBy(() -> DataCursor.mixture(List.of(1L, 1L), List.of(1.0), DataOrder.asIs(), 0))
        .hasMessageContaining("weights: 1 for 2 data sets");
    assertThatThrownBy(() -> DataCursor.mixture(List.of(1L), List.of(0.0), DataOrder.asIs(), 0))
        .hasMessageContaining("must be positive and finite");
  }

  @Test
  void files_with_weights_are_mixed_and_files_without_are_joined() {
    DataSource a = DataSource.parse("dir:x/a.jsonl:0.7");
    DataSource b = DataSource.parse("b.jsonl");
    assertThat(a.file().toString()).isEqualTo("dir:x/a.jsonl");
    assertThat(a.weight()).hasValue(0.7);
    assertThat(b.weight()).isEmpty();
    assertThat(DataSource.parse("c.jsonl:3").weight()).hasValue(3);
    assertThatThrownBy(() -> DataSource.parse("c.jsonl:0")).isInstanceOf(DataException.class);
    assertThat(DataSource.cursor(List.of(b, b), List.of(1L, 2L), DataOrder.asIs(), 0).next(3))
        .containsExactly(0, 1, 2);
    assertThat(
            DataSource.cursor(List.of(a, a), List.of(1L, 2L), DataOrder.asIs(), 0).state().drawn())
        .hasSize(2);
    assertThatThrownBy(() -> DataSource.cursor(List.of(a, b), List.of(1L, 2L), DataOrder.asIs(), 0))
        .hasMessageContaining("b.jsonl: has no weight");
  }

  private static final long[] FROZEN = {6, 9, 7, 3, 0, 2, 1, 4, 5, 8, 2, 7, 5, 1, 0, 6, 4, 9, 8, 3};

  // ------------------------------------------------------------------ stop rules

  private static final List<Long> SIZES = List.of(10L, 40L);
  private static final List<Double> SHARES = List.of(0.7, 0.3);

  private static DataCursor mixture(StopRule stop) {
    return DataCursor.mixture(SIZES, SHARES, DataOrder.shuffled(5), 9, stop);
  }

  @Test
  void a_pass_ends_when_the_first_data_set_is_used_up() {
    DataCursor cursor = mixture(StopRule.FIRST_EXHAUSTED);
    long[] pass = cursor.next((int) cursor.size());
    assertThat(java.util.Arrays.stream(pass).filter(i -> i < 10))
        .hasSize(10)
        .doesNotHaveDuplicates();
    assertThat(java.util.Arrays.stream(pass).filter(i -> i >= 10).toArray())
        .hasSizeLessThan(40)
        .doesNotHaveDuplicates();
    assertThat(pass[pass.length - 1]).as("the last draw is what used it up").isLessThan(10);
    assertThat(cursor.epoch()).isEqualTo(1);
  }

  @Test
  void a_pass_ends_when_every_data_set_has_been_seen() {
    DataCursor cursor = mixture(StopRule.ALL_EXHAUSTED);
    long[] pass = cursor.next((int) cursor.size());
    assertThat(java.util.Arrays.stream(pass).distinct()).hasSize(50);
    assertThat(java.util.Arrays.stream(pass, 0, pass.length - 1).distinct()).hasSize(49);
    assertThat(java.util.Arrays.stream(pass).filter(i -> i < 10).count()).isGreaterThan(40);
  }

  @Test
  void a_stop_rule_changes_what_a_pass_is_and_not_what_is_drawn() {
    long[] expected = mixture(StopRule.TOTAL_SIZE).next(300);
    assertThat(mixture(StopRule.FIRST_EXHAUSTED).next(300)).isEqualTo(expected);
    assertThat(mixture(StopRule.ALL_EXHAUSTED).next(300)).isEqualTo(expected);
  }

  @Test
  void a_mixture_goes_on_beyond_the_size_of_its_data() {
    DataCursor cursor = mixture(StopRule.ALL_EXHAUSTED);
    assertThat(cursor.size()).isGreaterThan(100);
    cursor.next(80); // more than the 50 examples there are, within the first pass
    CursorState state = CursorState.fromJson(cursor.state().toJson());
    DataCursor resumed = mixture(StopRule.ALL_EXHAUSTED);
    resumed.resume(state);
    assertThat(resumed.next(200)).isEqualTo(cursor.next(200));
  }
}
