package dev.temper.alignment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.temper.UserException;
import dev.temper.alignment.loss.ApoZeroUnpairedLoss;
import dev.temper.alignment.loss.BcoLoss;
import dev.temper.alignment.loss.KtoLoss;
import dev.temper.alignment.loss.UnaLoss;
import dev.temper.data.Origin;
import dev.temper.model.CausalLm;
import dev.temper.train.AdamW;
import dev.temper.train.Schedule;
import dev.temper.train.TrainingListener;
import dev.temper.train.TrainingReport;
import dev.temper.train.metrics.MetricRow;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The trainer over labelled completions. */
class UnpairedPreferenceTrainerTest {
  @TempDir Path temp;
  @TempDir Path other;
  @TempDir Path out;

  /** Good completions repeat the prompt's token, bad ones the token after it. */
  private static List<LabelledExample> examples(int n) {
    List<LabelledExample> all = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      int a = 3 + (i * 5) % 30;
      boolean good = i % 2 == 0;
      all.add(
          new LabelledExample(
              new int[] {a, 1 + i % 3},
              new int[] {good ? a : a + 1, 2},
              good,
              good ? 1 : -1,
              Origin.memory("row " + i)));
    }
    return all;
  }

  private static UnpairedPreferenceTrainer trainer(CausalLm model, CausalLm initial) {
    return UnpairedPreferenceTrainer.of(model)
        .trainAll()
        .optimizer(AdamW.learningRate(3e-3))
        .schedule(Schedule.constant())
        .batchSize(8)
        .reference(Reference.model(initial))
        .examples(examples(24));
  }

  static Stream<UnpairedLoss> losses() {
    return Stream.of(
        new KtoLoss(0.5),
        new BcoLoss(0.5),
        new ApoZeroUnpairedLoss(0.5, 1, 1),
        new UnaLoss(0.5, UnaLoss.Feedback.SCORE),
        new UnaLoss(0.5, UnaLoss.Feedback.BINARY));
  }

  @ParameterizedTest
  @MethodSource("losses")
  void good_completions_become_likelier_than_bad_ones(UnpairedLoss loss) {
    try (CausalLm model = Trajectory.model(temp);
        CausalLm initial = Trajectory.model(other)) {
      TrainingReport report = trainer(model, initial).loss(loss).steps(40).run();
      assertThat(report.metrics().get("rewards/chosen")).isPositive();
      assertThat(report.metrics().get("rewards/rejected")).isNegative();
    }
  }

  @Test
  void the_running_mean_survives_a_resume_and_does_not_depend_on_the_split() {
    Outcome whole = bco(out.resolve("whole"), 6, false, 10_000);
    Outcome cut = bco(out.resolve("cut"), 6, false, 1);
    bco(out.resolve("parts"), 3, false, 10_000);
    Outcome parts = bco(out.resolve("parts"), 6, true, 10_000);

    assertThat(parts.deltas().get(2)).isEqualTo(whole.deltas().get(5));
    for (int i = 0; i < whole.weights().size(); i++) {
      assertThat(parts.weights().get(i)).containsExactly(whole.weights().get(i));
    }
    for (int k = 0; k < 6; k++) {
      assertThat(cut.deltas().get(k)).isCloseTo(whole.deltas().get(k), within(1e-4));
    }
  }

  private record Outcome(List<Double> deltas, List<float[]> weights) {}

  private Outcome bco(Path directory, int steps, boolean resume, int budget) {
    List<Double> deltas = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void onMetrics(MetricRow row) {
            deltas.add(row.values().get("delta"));
          }
        };
    try (CausalLm model = Trajectory.model(temp);
        CausalLm initial = Trajectory.model(other)) {
      trainer(model, initial)
          .loss(new BcoLoss(0.5))
          .output(directory)
          .resume(resume)
          .tokenBudget(budget)
          .listener(listener)
          .steps(steps)
          .run();
      return new Outcome(deltas, model.parameters().stream().map(p -> p.toFloats()).toList());
    }
  }

  @Test
  void held_out_data_is_compared_with_the_mean_of_training() {
    try (CausalLm model = Trajectory.model(temp);
        CausalLm initial = Trajectory.model(other)) {
      UnpairedPreferenceTrainer trainer =
          trainer(model, initial).loss(new BcoLoss(0.5)).evalExamples(examples(6)).steps(10);
      assertThat(trainer.evaluate()).isCloseTo(Math.log(2), within(1e-6));
      double delta = java.util.Objects.requireNonNull(trainer.run().metrics().get("delta"));
      assertThat(trainer.evaluation().metrics().get("delta")).isEqualTo(delta);
    }
  }

  @Test
  void one_kind_alone_is_refused() {
    List<LabelledExample> good = examples(8).stream().filter(LabelledExample::desirable).toList();
    try (CausalLm model = Trajectory.model(temp)) {
      assertThatThrownBy(() -> UnpairedPreferenceTrainer.of(model).examples(good).size())
          .isInstanceOf(UserException.class)
          .hasMessageContaining("all 4 examples have label true");
    }
  }

  @Test
  void a_divergence_cannot_come_from_precomputed_numbers() {
    try (CausalLm model = Trajectory.model(temp)) {
      assertThatThrownBy(
              () ->
                  UnpairedPreferenceTrainer.of(model)
                      .trainAll()
                      .examples(examples(8))
                      .steps(1)
                      .run())
          .isInstanceOf(UserException.class)
          .hasMessageContaining("Reference.model(copy)");
    }
  }
}
