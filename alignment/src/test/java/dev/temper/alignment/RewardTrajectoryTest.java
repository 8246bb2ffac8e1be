package dev.temper.alignment;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.alignment.loss.BradleyTerryLoss;
import dev.temper.data.Origin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** TRL's own reward runs, replayed: loss, norm and metrics of every step, and the final weights. */
class RewardTrajectoryTest {
  @TempDir Path temp;

  // Lowest and highest reward are compared where TRL's micro-batch is the step: elsewhere TRL logs
  // means over micro-batches that are cut otherwise than ours.
  @ParameterizedTest
  @CsvSource({
    "reward/2x2, 1000000, mean_reward accuracy margin",
    "reward/4x1, 1000000, min_reward mean_reward max_reward accuracy margin",
    "reward/1x4, 1, min_reward mean_reward max_reward accuracy margin",
    "reward/1x4, 1000000, mean_reward accuracy margin",
    "reward/margin/2x2, 1000000, mean_reward accuracy margin",
    "reward/margin/2x2, 40, mean_reward accuracy margin"
  })
  void replays_trl(String name, int tokenBudget, String metrics) throws IOException {
    JsonNode run = Trajectory.run("traj_reward", name);
    // The runs without margins were made with center_rewards_coefficient 0.01.
    BradleyTerryLoss loss = new BradleyTerryLoss().centering(name.contains("margin") ? 0 : 0.01);
    try (RewardModel model = model(temp)) {
      model.classifier().trainAll();
      Trajectory.replay(
          run,
          model.classifier(),
          new RewardObjective(model, loss),
          RewardTrajectoryTest::pair,
          2,
          tokenBudget,
          List.of(metrics.split(" ")));
    }
  }

  static RewardModel model(Path temp) throws IOException {
    Trajectory.model(temp).close();
    Path config = temp.resolve("config.json");
    Files.writeString(
        config,
        Files.readString(config).replace("\"hidden_act\"", "\"num_labels\": 1, \"hidden_act\""));
    return RewardModel.load(temp);
  }

  /** TRL's batch holds whole sequences; what both have in common is the prompt. */
  private static PairExample pair(JsonNode inputs, int i) {
    int pairs = inputs.get("input_ids").size() / 2;
    int[] chosen = ids(inputs, i);
    int[] rejected = ids(inputs, i + pairs);
    int shorter = Math.min(chosen.length, rejected.length) - 1;
    int differ = Arrays.mismatch(chosen, rejected);
    int shared = Math.min(shorter, differ < 0 ? shorter : differ);
    return new PairExample(
        Arrays.copyOf(chosen, shared),
        Arrays.copyOfRange(chosen, shared, chosen.length),
        Arrays.copyOfRange(rejected, shared, rejected.length),
        inputs.path("margin").path(i).asDouble(0),
        Double.NaN,
        Double.NaN,
        Origin.memory("TRL"));
  }

  private static int[] ids(JsonNode inputs, int row) {
    JsonNode ids = inputs.get("input_ids").get(row);
    JsonNode attention = inputs.get("attention_mask").get(row);
    int length =
        (int)
            Stream.iterate(0, t -> t < ids.size(), t -> t + 1)
                .filter(t -> attention.get(t).intValue() == 1)
                .count();
    int[] out = new int[length];
    for (int t = 0; t < length; t++) {
      out[t] = ids.get(t).intValue();
    }
    return out;
  }
}
