package dev.temper.alignment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.temper.UserException;
import dev.temper.alignment.loss.BradleyTerryLoss;
import dev.temper.data.Origin;
import dev.temper.model.Golden;
import dev.temper.model.SequenceClassifier;
import dev.temper.tensor.Census;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
import dev.temper.tensor.Scope;
import dev.temper.train.AdamW;
import dev.temper.train.Trainable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RewardTrainerTest {
  private static final int GOOD = 7;
  private static final int BAD = 8;

  @TempDir Path temp;
  @TempDir Path saved;

  /** Completions with the token GOOD are better than those with BAD at the same place. */
  private static List<PairExample> pairs(int count, long seed) {
    List<PairExample> out = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Rng rng = Rng.of(seed).split(i);
      int[] prompt = words(rng.split("prompt"), 4);
      int[] chosen = words(rng.split("completion"), 5);
      int[] rejected = chosen.clone();
      int at = (int) (rng.uniform(0) * 4);
      chosen[at] = GOOD;
      rejected[at] = BAD;
      out.add(PairExample.of(prompt, chosen, rejected, Origin.memory("pairs")));
    }
    return out;
  }

  private static int[] words(Rng rng, int n) {
    return IntStream.range(0, n).map(i -> 10 + (int) (rng.uniform(i) * 25)).toArray();
  }

  @Test
  void learns_which_completions_are_better_and_is_saved_and_read_back() throws Exception {
    int before = Census.liveArrays();
    float[] rewards;
    List<int[]> sequences = List.of(new int[] {12, 30, GOOD, 22}, new int[] {12, 30, BAD, 22});
    try (RewardModel model = RewardModel.of(Trajectory.model(temp), 5)) {
      RewardTrainer trainer =
          RewardTrainer.of(model)
              .trainAll()
              .examples(pairs(64, 1))
              .evalExamples(pairs(32, 2))
              .optimizer(AdamW.learningRate(3e-3))
              .batchSize(16)
              .steps(40)
              .seed(3);
      double untrained = trainer.evaluate();
      assertThat(untrained).isCloseTo(Math.log(2), within(0.1));
      trainer.run();
      assertThat(trainer.evaluation().loss()).isLessThan(0.3 * untrained);
      assertThat(Objects.requireNonNull(trainer.evaluation().metrics().get("accuracy")))
          .isGreaterThan(0.9);
      rewards = model.rewards(sequences);
      assertThat(rewards[0]).isGreaterThan(rewards[1]);
      model.save(saved);
    }
    try (RewardModel again = RewardModel.load(saved)) {
      assertThat(again.rewards(sequences)).isEqualTo(rewards);
    }
    assertThat(Census.liveArrays()).isEqualTo(before);
  }

  @Test
  void the_head_is_trained_with_whatever_is_trained() {
    try (RewardModel model = RewardModel.of(Trajectory.model(temp), 5)) {
      Parameter one = model.classifier().blocks().get(0).linears().get(0).weight();
      Parameter head = model.classifier().headParameters().get(0);
      one.setTrainable(true);
      float[] untrained = head.toFloats();
      RewardTrainer.of(model)
          .train(Trainable.of(List.of(one)))
          .examples(pairs(8, 1))
          .batchSize(8)
          .steps(1)
          .run();
      assertThat(head.toFloats()).isNotEqualTo(untrained);
    }
  }

  @Test
  void pairs_with_a_side_too_long_are_left_out_not_cut() {
    try (RewardModel model = RewardModel.of(Trajectory.model(temp), 5)) {
      PairExample longer =
          PairExample.of(new int[] {10}, new int[20], new int[] {3}, Origin.memory("long"));
      RewardTrainer trainer =
          RewardTrainer.of(model).examples(List.of(pairs(1, 1).get(0), longer)).maxLength(12);
      assertThat(trainer.size()).isEqualTo(1);
      assertThat(trainer.dropped()).isEqualTo(1);
      assertThat(trainer.truncated()).isZero();
      assertThatThrownBy(
              () -> RewardTrainer.of(model).examples(List.of(longer)).maxLength(12).size())
          .isInstanceOf(UserException.class)
          .hasMessageContaining("none of its 1 rows fits into 12 tokens");
    }
  }

  @Test
  void an_encoder_reads_each_side_whole() {
    try (RewardModel model =
        new RewardModel(SequenceClassifier.create(Golden.model("bert"), List.of("reward"), 1))) {
      PairExample pair = pairs(1, 1).get(0);
      RewardObjective objective = new RewardObjective(model, new BradleyTerryLoss());
      int[] whole =
          IntStream.concat(IntStream.of(pair.prompt()), IntStream.of(pair.rejected())).toArray();
      float expected = model.rewards(List.of(whole))[0];
      assertThat(objective.tokens(pair)).isEqualTo(2 * 4 + 2 * 5);
      Scope.run(
          "score",
          () ->
              assertThat(objective.score(List.of(pair)).rejected().toFloats()[0])
                  .isCloseTo(expected, within(1e-5f)));
    }
  }

  @Test
  void a_classifier_of_several_labels_is_no_reward_model() {
    int before = Census.liveArrays();
    assertThatThrownBy(() -> RewardModel.load(Golden.model("bert_classifier")))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("has 3: [LABEL_0, LABEL_1, LABEL_2]");
    assertThat(Census.liveArrays()).isEqualTo(before);
  }
}
