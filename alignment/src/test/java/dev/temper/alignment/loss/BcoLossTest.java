package dev.temper.alignment.loss;

import static dev.temper.alignment.loss.LossGoldens.close;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.alignment.Golden;
import dev.temper.alignment.RunningMoments;
import dev.temper.alignment.UnpairedScores;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

/** Three steps of TRL's BCO trainer: losses, gradients and the running mean. */
class BcoLossTest {
  @Test
  void follows_trl_step_by_step() {
    RunningMoments moments = RunningMoments.none();
    for (JsonNode step : Golden.json("bco").get("steps")) {
      JsonNode in = step.get("inputs");
      JsonNode expected = step.get("expected");
      double[] policy = join(in, "policy_chosen", "policy_rejected");
      double[] reference = join(in, "ref_chosen", "ref_rejected");
      double[] rewards = new double[policy.length];
      Arrays.setAll(rewards, i -> 0.1 * (policy[i] - reference[i]));
      RunningMoments next = moments.plus(rewards);
      moments = next;
      JsonNode running = expected.get("running");
      close(
          "moments",
          new double[] {next.mean(), next.variance(), next.count()},
          new double[] {
            running.get("mean").doubleValue(),
            running.get("var").doubleValue(),
            running.get("count").doubleValue()
          },
          1e-5,
          1e-7);
      Scope.run(
          "test", () -> Autograd.record(() -> compare(policy, reference, next, in, expected)));
    }
  }

  private static boolean compare(
      double[] policy, double[] reference, RunningMoments moments, JsonNode in, JsonNode expected) {
    try (Parameter leaf = LossGoldens.leaf(policy)) {
      float[] lengths = new float[policy.length];
      Arrays.fill(lengths, 1);
      boolean[] desirable = new boolean[policy.length];
      Arrays.fill(desirable, 0, in.get("policy_chosen").size(), true);
      Tensor losses =
          LossGoldens.values(
              new BcoLoss(0.1)
                  .compute(
                      new UnpairedScores(
                          LossGoldens.scores(leaf.value(), lengths),
                          Optional.of(
                              LossGoldens.scores(Tensors.of(reference, reference.length), lengths)),
                          desirable,
                          new double[policy.length],
                          Optional.empty(),
                          Optional.of(Tensors.scalar(moments.mean())))));
      close("losses", losses, expected.get("losses"), 1e-6, 1e-7);
      Autograd.backward(losses.sum());
      close(
          "gradient",
          LossGoldens.gradient(leaf).toDoubles(),
          join(expected, "dsum_dpolicy_chosen", "dsum_dpolicy_rejected"),
          1e-6,
          1e-7);
      return true;
    }
  }

  private static double[] join(JsonNode node, String first, String second) {
    return DoubleStream.concat(
            DoubleStream.of(Golden.doubles(node.get(first))),
            DoubleStream.of(Golden.doubles(node.get(second))))
        .toArray();
  }
}
