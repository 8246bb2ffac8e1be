package dev.temper.alignment;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.alignment.loss.ApoZeroUnpairedLoss;
import dev.temper.alignment.loss.KtoLoss;
import dev.temper.data.Origin;
import dev.temper.model.CausalLm;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** TRL's own KTO runs, replayed: loss, norm and metrics of every step, and the final weights. */
class KtoTrajectoryTest {
  private static final List<String> METRICS =
      List.of("kl", "rewards/chosen", "rewards/rejected", "logps/chosen", "logps/rejected");

  @TempDir Path temp;
  @TempDir Path other;

  // kto/2x2 is missing on purpose: TRL's estimate of the divergence depends on the micro-batches.
  // Ours does not, so the run of one micro-batch a step is the one to compare with, however we cut.
  @ParameterizedTest
  @CsvSource({"kto/4x1, 1000000", "kto/4x1, 1", "kto/apo_zero_unpaired/2x2, 1000000"})
  void replays_trl(String name, int tokenBudget) {
    JsonNode run = Trajectory.run("traj_kto", name);
    try (CausalLm model = Trajectory.model(temp);
        CausalLm initial = Trajectory.model(other)) {
      model.trainAll();
      UnpairedLoss loss =
          name.contains("apo") ? new ApoZeroUnpairedLoss(0.1, 1.2, 1) : new KtoLoss(0.1);
      Trajectory.replay(
          run,
          model,
          new UnpairedObjective(model, loss, Optional.of(Reference.model(initial))),
          (inputs, i) ->
              new LabelledExample(
                  Trajectory.ids(inputs, i, "", false),
                  Trajectory.ids(inputs, i, "", true),
                  inputs.get("label").get(i).booleanValue(),
                  Double.NaN,
                  Origin.memory("TRL")),
          1,
          tokenBudget,
          // TRL averages the means of two micro-batches with different numbers of each kind.
          name.contains("2x2") ? List.of("kl") : METRICS);
    }
  }
}
