package dev.temper.alignment;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.alignment.loss.ApoZeroLoss;
import dev.temper.alignment.loss.DpoLoss;
import dev.temper.alignment.loss.IpoLoss;
import dev.temper.alignment.loss.SigmoidNormLoss;
import dev.temper.data.Origin;
import dev.temper.model.CausalLm;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** TRL's own DPO runs, replayed: loss, norm and metrics of every step, and the final weights. */
class DpoTrajectoryTest {
  private static final List<String> METRICS =
      List.of(
          "rewards/chosen",
          "rewards/rejected",
          "rewards/accuracies",
          "rewards/margins",
          "logps/chosen",
          "logps/rejected");

  @TempDir Path temp;
  @TempDir Path other;

  // dpo/sigmoid+sft is missing on purpose: TRL averages its likelihood term over the tokens of a
  // micro-batch, so that its result depends on the split; ours is over the tokens of the step.
  @ParameterizedTest
  @CsvSource({
    "dpo/sigmoid/2x2, 1000000",
    "dpo/sigmoid/4x1, 1000000",
    "dpo/sigmoid/1x4, 1000000",
    "dpo/sigmoid/2x2, 1",
    "dpo/ipo/2x2, 1000000",
    "dpo/ipo/2x2, 40",
    "dpo/sigmoid_norm/2x2, 1000000",
    "dpo/apo_zero/2x2, 1000000"
  })
  void replays_trl(String name, int tokenBudget) {
    JsonNode run = Trajectory.run("traj_dpo", name);
    try (CausalLm model = Trajectory.model(temp);
        CausalLm initial = Trajectory.model(other)) {
      model.trainAll();
      Trajectory.replay(
          run,
          model,
          new PreferenceObjective(model, loss(name), Optional.of(Reference.model(initial))),
          DpoTrajectoryTest::pair,
          2,
          tokenBudget,
          METRICS);
    }
  }

  /** With one micro-batch a step, TRL's means over tokens are ours. */
  @Test
  void replays_trl_s_means_over_tokens() {
    JsonNode run = Trajectory.run("traj_dpo", "dpo/sigmoid/4x1");
    try (CausalLm model = Trajectory.model(temp);
        CausalLm initial = Trajectory.model(other)) {
      model.trainAll();
      Trajectory.replay(
          run,
          model,
          new PreferenceObjective(model, new DpoLoss(0.1), Optional.of(Reference.model(initial))),
          DpoTrajectoryTest::pair,
          2,
          40,
          List.of("entropy", "mean_token_accuracy", "logits/chosen", "logits/rejected"));
    }
  }

  private static PreferenceLoss loss(String name) {
    return switch (name.split("/")[1]) {
      case "sigmoid" -> new DpoLoss(0.1);
      case "ipo" -> new IpoLoss(0.1);
      case "sigmoid_norm" ->
          new SigmoidNormLoss(0.1, dev.temper.alignment.loss.Divergence.reverseKl());
      case "apo_zero" -> new ApoZeroLoss(0.1);
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static PairExample pair(JsonNode inputs, int i) {
    int pairs = inputs.get("input_ids").size() / 2;
    return PairExample.of(
        Trajectory.ids(inputs, i, "", false),
        Trajectory.ids(inputs, i, "", true),
        Trajectory.ids(inputs, i + pairs, "", true),
        Origin.memory("TRL"));
  }
}
