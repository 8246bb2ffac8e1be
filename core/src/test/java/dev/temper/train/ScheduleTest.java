package dev.temper.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ScheduleTest {

  static Stream<JsonNode> goldens() throws IOException {
    try (InputStream in =
        ScheduleTest.class.getResourceAsStream("/golden/train/schedules.json.gz")) {
      JsonNode root = new ObjectMapper().readTree(new GZIPInputStream(Objects.requireNonNull(in)));
      return root.get("cases").valueStream();
    }
  }

  @Test
  void equals_transformers_for_every_schedule_length_and_warmup() throws IOException {
    List<JsonNode> cases = goldens().toList();
    assertThat(cases).hasSizeGreaterThan(300);
    for (JsonNode golden : cases) {
      Schedule schedule = schedule(golden);
      long total = golden.get("total").longValue();
      assertThat(schedule.warmup().steps(total))
          .as("warm-up of %s", golden)
          .isEqualTo(golden.get("warmup_steps").longValue());
      for (int i = 0; i < golden.get("steps").size(); i++) {
        long step = golden.get("steps").get(i).longValue();
        // past the end transformers lets the cosine rise again; ours stays at the end value (tested
        // below)
        if (step > total && schedule.shape() instanceof Schedule.Cosine) {
          continue;
        }
        assertThat(schedule.factor(step, total))
            .as("%s at step %d of %d, warm-up %s", schedule, step, total, golden.get("warmup"))
            .isCloseTo(golden.get("factors").get(i).doubleValue(), within(1e-14));
      }
    }
  }

  private static Schedule schedule(JsonNode golden) {
    JsonNode settings = golden.get("settings");
    Schedule schedule =
        switch (golden.get("schedule").textValue()) {
          case "constant" -> Schedule.constant();
          case "linear" -> Schedule.linear();
          case "cosine" -> Schedule.cosine();
          case "cosine_with_min_lr" -> Schedule.cosine(settings.get("min_lr_rate").doubleValue());
          case "cosine_with_restarts" ->
              Schedule.cosineWithRestarts(settings.get("num_cycles").intValue());
          case "polynomial" ->
              Schedule.polynomial(
                  settings.get("power").doubleValue(), settings.get("lr_end").doubleValue());
          case "inverse_sqrt" -> Schedule.inverseSqrt();
          case "warmup_stable_decay" ->
              Schedule.wsd(
                  settings.get("decay").doubleValue(),
                  decay(settings.get("decay_type").textValue()));
          default -> throw new AssertionError(golden);
        };
    JsonNode warmup = golden.get("warmup");
    return warmup.isInt()
        ? schedule.warmup(warmup.intValue())
        : schedule.warmup(warmup.doubleValue());
  }

  private static Schedule.Decay decay(String name) {
    return switch (name) {
      case "linear" -> Schedule.Decay.LINEAR;
      case "cosine" -> Schedule.Decay.COSINE;
      case "1-sqrt" -> Schedule.Decay.ONE_MINUS_SQRT;
      default -> throw new AssertionError(name);
    };
  }

  static Stream<Schedule> schedules() {
    return Stream.of(
        Schedule.constant(),
        Schedule.linear(),
        Schedule.cosine(),
        Schedule.cosine(0.3),
        Schedule.cosineWithRestarts(4),
        Schedule.polynomial(2, 0.1),
        Schedule.inverseSqrt(),
        Schedule.wsd(0.2, Schedule.Decay.LINEAR),
        Schedule.wsd(1, Schedule.Decay.COSINE));
  }

  @ParameterizedTest
  @MethodSource("schedules")
  void stays_finite_and_between_zero_and_one_whatever_the_warmup(Schedule schedule) {
    for (int warmup : new int[] {0, 1, 9, 10, 11, 50}) {
      for (long step = 0; step < 30; step++) {
        assertThat(schedule.warmup(warmup).factor(step, 10))
            .as("warm-up %d, step %d", warmup, step)
            .isBetween(0.0, 1.0);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("schedules")
  void begins_at_zero_with_warmup_and_reaches_one_after_it(Schedule schedule) {
    assertThat(schedule.warmup(4).factor(0, 100)).isZero();
    assertThat(schedule.warmup(4).factor(2, 100)).isEqualTo(0.5);
    assertThat(schedule.warmup(4).factor(4, 100)).isEqualTo(1.0);
    assertThat(schedule.factor(0, 100)).isEqualTo(1.0);
  }

  @Test
  void stays_at_the_end_value_after_the_end() {
    assertThat(Schedule.cosine().factor(15, 10)).isZero();
    assertThat(Schedule.cosine(0.2).factor(20, 10)).isCloseTo(0.2, within(1e-15));
    assertThat(Schedule.polynomial(0.5, 0.1).factor(11, 10)).isCloseTo(0.1, within(1e-15));
  }

  @Test
  void rejects_settings_out_of_range_naming_them() {
    assertThatThrownBy(() -> Schedule.cosine(1.5))
        .hasMessage("Schedule: minRatio must be in [0, 1], got 1.5");
    assertThatThrownBy(() -> Schedule.cosine(Double.NaN)).hasMessageContaining("minRatio");
    assertThatThrownBy(() -> Schedule.cosineWithRestarts(0))
        .hasMessageContaining("cycles must be at least 1");
    assertThatThrownBy(() -> Schedule.polynomial(0, 0)).hasMessageContaining("power");
    assertThatThrownBy(() -> Schedule.wsd(0, Schedule.Decay.LINEAR))
        .hasMessageContaining("decayFraction");
    assertThatThrownBy(() -> Schedule.linear().warmup(-1)).hasMessageContaining("at least 0");
    assertThatThrownBy(() -> Schedule.linear().warmup(10.0)).hasMessageContaining("pass an int");
    assertThatThrownBy(() -> Schedule.linear().factor(-1, 10)).hasMessageContaining("step");
    assertThatThrownBy(() -> Schedule.linear().factor(0, 0)).hasMessageContaining("totalSteps");
  }
}
