package dev.temper.alignment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.temper.UserException;
import dev.temper.alignment.loss.DpoLoss;
import dev.temper.alignment.loss.PairwiseCringeLoss;
import dev.temper.alignment.loss.PolicyWeightedLoss;
import dev.temper.alignment.loss.TdpoLoss;
import dev.temper.data.Origin;
import dev.temper.model.CausalLm;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
import dev.temper.train.AdamW;
import dev.temper.train.Schedule;
import dev.temper.train.TrainingListener;
import dev.temper.train.TrainingReport;
import dev.temper.train.metrics.MetricRow;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The trainer over pairs: what it learns, what it compares with, and what it refuses. */
class PreferenceTrainerTest {
  @TempDir Path temp;
  @TempDir Path other;
  @TempDir Path out;

  /** Pairs with a rule: the chosen completion repeats a token of the prompt. */
  private static List<PairExample> pairs(int n) {
    List<PairExample> all = new ArrayList<>();
    Rng rng = Rng.of(3);
    for (int i = 0; i < n; i++) {
      int a = 3 + (int) (rng.uniform(3L * i) * 36);
      int b = 3 + (int) (rng.uniform(3L * i + 1) * 36);
      int c = 3 + (a + 7 + (int) (rng.uniform(3L * i + 2) * 20)) % 36;
      all.add(
          PairExample.of(
              new int[] {a, b}, new int[] {a, 2}, new int[] {c, 2}, Origin.memory("row " + i)));
    }
    return all;
  }

  /** The numbers of one name, step by step. */
  private static TrainingListener recording(String name, List<Double> into) {
    return new TrainingListener() {
      @Override
      public void onMetrics(MetricRow row) {
        if (row.values().containsKey(name)) {
          into.add(row.values().get(name));
        }
      }
    };
  }

  private static PreferenceTrainer trainer(CausalLm model) {
    return PreferenceTrainer.of(model)
        .trainAll()
        .optimizer(AdamW.learningRate(3e-3))
        .schedule(Schedule.constant())
        .batchSize(8)
        .examples(pairs(24));
  }

  static Stream<PreferenceLoss> losses() {
    return Stream.of(
        new DpoLoss(0.5),
        TdpoLoss.tdpo1(0.5),
        TdpoLoss.tdpo2(0.5, 0.5),
        new PolicyWeightedLoss(new DpoLoss(0.5)),
        new PairwiseCringeLoss(0, 5, 1, PairwiseCringeLoss.Gate.CONSTANT));
  }

  @ParameterizedTest
  @MethodSource("losses")
  void the_preferred_completions_win(PreferenceLoss loss) {
    try (CausalLm model = Trajectory.model(temp);
        CausalLm initial = Trajectory.model(other)) {
      TrainingReport report =
          trainer(model).loss(loss).reference(Reference.model(initial)).steps(40).run();
      assertThat(report.metrics().get("rewards/accuracies")).isGreaterThan(0.9);
      assertThat(report.metrics().get("rewards/margins")).isPositive();
    }
  }

  @Test
  void a_loss_with_the_sign_turned_round_makes_them_lose() {
    try (CausalLm model = Trajectory.model(temp)) {
      PreferenceLoss flipped =
          in -> PreferenceLoss.perPair(in.margin().mul(-0.5).logSigmoid().neg());
      TrainingReport report = trainer(model).loss(flipped).steps(40).run();
      assertThat(report.metrics().get("rewards/accuracies")).isLessThan(0.1);
    }
  }

  @Test
  void log_probabilities_computed_before_are_those_of_a_frozen_copy() {
    List<Double> frozen = new ArrayList<>();
    try (CausalLm model = Trajectory.model(temp);
        CausalLm initial = Trajectory.model(other)) {
      trainer(model)
          .reference(Reference.model(initial))
          .listener(recording("loss", frozen))
          .steps(6)
          .run();
    }
    for (int run = 0; run < 2; run++) { // the second time they come from the file
      List<Double> precomputed = new ArrayList<>();
      try (CausalLm model = Trajectory.model(temp)) {
        trainer(model)
            .reference(Reference.precomputed().cachedIn(out))
            .tokenBudget(20)
            .listener(recording("loss", precomputed))
            .steps(6)
            .run();
      }
      for (int k = 0; k < 6; k++) {
        assertThat(precomputed.get(k)).isCloseTo(frozen.get(k), within(2e-5));
      }
    }
    assertThat(out).isDirectoryContaining("glob:**/reference-*.safetensors");
  }

  @Test
  void the_cache_is_for_this_data_and_these_weights() throws Exception {
    try (CausalLm model = Trajectory.model(temp)) {
      Reference reference = Reference.precomputed().cachedIn(out);
      trainer(model).reference(reference).steps(1).run(); // changes the weights
      trainer(model).reference(reference).steps(1).run();
      trainer(model).reference(reference).examples(pairs(30)).steps(1).run();
    }
    try (Stream<Path> files = Files.list(out)) {
      assertThat(files).hasSize(3);
    }
  }

  @Test
  void a_reference_that_follows_at_once_leaves_no_margin() {
    List<Double> losses = new ArrayList<>();
    try (CausalLm model = Trajectory.model(temp);
        CausalLm copy = Trajectory.model(other)) {
      trainer(model)
          .reference(Reference.moving(copy, 1, 1))
          .listener(recording("loss", losses))
          .steps(4)
          .run();
      assertThat(losses).allSatisfy(l -> assertThat(l).isCloseTo(Math.log(2), within(1e-6)));
      for (int i = 0; i < model.parameters().size(); i++) {
        assertThat(copy.parameters().get(i).toFloats())
            .containsExactly(model.parameters().get(i).toFloats());
      }
    }
  }

  @Test
  void a_soft_update_moves_the_reference_a_share_of_the_way() {
    try (CausalLm model = Trajectory.model(temp);
        CausalLm copy = Trajectory.model(other)) {
      float[] before = copy.parameters().get(0).toFloats();
      trainer(model).reference(Reference.moving(copy, 2, 0.25)).steps(3).run();
      float[] after = copy.parameters().get(0).toFloats();
      assertThat(after).isNotEqualTo(before);
      trainer(model).reference(Reference.moving(copy, 5, 0.25)).steps(3).run();
      assertThat(copy.parameters().get(0).toFloats()).containsExactly(after);
    }
  }

  @Test
  void a_resumed_run_with_a_moving_reference_is_the_same_run() {
    List<float[]> whole = movingRun(out.resolve("whole"), 6, false);
    movingRun(out.resolve("parts"), 3, false);
    List<float[]> parts = movingRun(out.resolve("parts"), 6, true);
    for (int i = 0; i < whole.size(); i++) {
      assertThat(parts.get(i)).containsExactly(whole.get(i));
    }
  }

  private List<float[]> movingRun(Path directory, int steps, boolean resume) {
    try (CausalLm model = Trajectory.model(temp);
        CausalLm copy = Trajectory.model(other)) {
      trainer(model)
          .reference(Reference.moving(copy, 2, 0.5))
          .output(directory)
          .resume(resume)
          .steps(steps)
          .run();
      List<float[]> all = new ArrayList<>();
      model.parameters().forEach(p -> all.add(p.toFloats()));
      copy.parameters().forEach(p -> all.add(p.toFloats()));
      return all;
    }
  }

  @Test
  void before_training_the_policy_is_its_own_reference() {
    try (CausalLm model = Trajectory.model(temp)) {
      PreferenceTrainer trainer =
          PreferenceTrainer.of(model).examples(pairs(4)).evalExamples(pairs(4));
      assertThat(trainer.evaluate()).isCloseTo(Math.log(2), within(1e-6));
    }
  }

  @Test
  void pairs_of_equal_completions_are_counted_and_refused_if_there_are_no_others() {
    PairExample tie =
        PairExample.of(new int[] {3}, new int[] {4}, new int[] {4}, Origin.memory("a row"));
    try (CausalLm model = Trajectory.model(temp)) {
      assertThat(PreferenceTrainer.of(model).examples(pairs(3)).examples(List.of(tie)).ties())
          .isEqualTo(1);
      assertThatThrownBy(() -> PreferenceTrainer.of(model).examples(List.of(tie)).size())
          .isInstanceOf(UserException.class)
          .hasMessageContaining("a row")
          .hasMessageContaining("the same in all 1 pairs");
    }
  }

  @Test
  void long_prompts_are_left_out_and_long_completions_cut() {
    PairExample longPrompt =
        PairExample.of(new int[] {3, 4, 5}, new int[] {4}, new int[] {5}, Origin.memory("row"));
    PairExample longAnswer =
        PairExample.of(new int[] {3}, new int[] {4, 5, 6}, new int[] {5}, Origin.memory("row"));
    try (CausalLm model = Trajectory.model(temp)) {
      PreferenceTrainer trainer =
          PreferenceTrainer.of(model).examples(List.of(longPrompt, longAnswer)).maxLength(3);
      assertThat(trainer.dropped()).isEqualTo(1);
      assertThat(trainer.truncated()).isEqualTo(1);
      assertThat(trainer.size()).isEqualTo(1);
      assertThatThrownBy(
              () ->
                  PreferenceTrainer.of(model)
                      .examples(List.of(longPrompt))
                      .maxLength(3)
                      .plannedSteps())
          .isInstanceOf(UserException.class)
          .hasMessageContaining("fits into 3 tokens");
    }
  }

  @Test
  void whole_distributions_cannot_come_from_precomputed_numbers() {
    try (CausalLm model = Trajectory.model(temp)) {
      assertThatThrownBy(() -> trainer(model).loss(TdpoLoss.tdpo1(0.1)).steps(1).run())
          .isInstanceOf(UserException.class)
          .hasMessageContaining("whole distributions");
    }
  }

  @Test
  void splitting_a_step_changes_nothing_for_losses_over_distributions() {
    List<Double> whole = new ArrayList<>();
    List<Double> cut = new ArrayList<>();
    List<float[]> weights = new ArrayList<>();
    for (int budget : new int[] {10_000, 1}) {
      try (CausalLm model = Trajectory.model(temp);
          CausalLm initial = Trajectory.model(other)) {
        trainer(model)
            .loss(TdpoLoss.tdpo1(0.5))
            .reference(Reference.model(initial))
            .optimizer(dev.temper.train.Sgd.learningRate(0.1))
            .tokenBudget(budget)
            .listener(recording("loss", budget == 1 ? cut : whole))
            .steps(3)
            .run();
        for (Parameter p : model.parameters()) {
          weights.add(p.toFloats());
        }
      }
    }
    for (int k = 0; k < 3; k++) {
      assertThat(cut.get(k)).isCloseTo(whole.get(k), within(1e-5));
    }
    int n = weights.size() / 2;
    for (int i = 0; i < n; i++) {
      assertThat(weights.get(n + i)).containsExactly(weights.get(i), within(2e-5f));
    }
  }
}
