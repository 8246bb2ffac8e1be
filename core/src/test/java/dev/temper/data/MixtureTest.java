package dev.temper.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class MixtureTest {
  private static final List<Long> SIZES = List.of(100L, 10_000L, 1L);

  @Test
  void temperature_one_is_proportional() {
    List<Double> shares = Mixture.proportional().shares(SIZES);
    assertThat(shares.get(0)).isCloseTo(100 / 10_101.0, within(1e-12));
    assertThat(shares.get(1)).isCloseTo(10_000 / 10_101.0, within(1e-12));
  }

  @Test
  void temperature_two_takes_square_roots_and_a_high_one_evens_out() {
    assertThat(Mixture.temperature(2).shares(SIZES))
        .usingElementComparator((a, b) -> Math.abs(a - b) < 1e-12 ? 0 : 1)
        .containsExactly(10 / 111.0, 100 / 111.0, 1 / 111.0);
    assertThat(Mixture.temperature(1e9).shares(SIZES))
        .allSatisfy(share -> assertThat(share).isCloseTo(1 / 3.0, within(1e-6)));
  }

  @Test
  void a_cap_bounds_the_largest() {
    assertThat(Mixture.proportional().capped(3000).shares(List.of(30_000L, 1_000L)))
        .containsExactly(0.75, 0.25);
  }

  @Test
  void shares_sum_to_one_and_drive_the_cursor() {
    List<Double> shares = Mixture.temperature(2).shares(SIZES);
    assertThat(shares.stream().mapToDouble(Double::doubleValue).sum()).isCloseTo(1, within(1e-12));
    DataCursor cursor = DataCursor.mixture(SIZES, shares, DataOrder.shuffled(1), 5);
    long fromFirst = 0;
    for (long index : cursor.next(20_000)) {
      fromFirst += index < 100 ? 1 : 0;
    }
    assertThat(fromFirst / 20_000.0).isCloseTo(10 / 111.0, within(0.01));
  }

  @Test
  void wrong_settings_are_refused() {
    assertThatThrownBy(() -> Mixture.temperature(0.5))
        .hasMessageContaining("temperature: 0.5 must be finite and at least 1");
    assertThatThrownBy(() -> Mixture.proportional().capped(0)).hasMessageContaining("cap: 0");
    assertThatThrownBy(() -> Mixture.proportional().shares(List.of(0L)))
        .hasMessageContaining("has no examples");
  }
}
