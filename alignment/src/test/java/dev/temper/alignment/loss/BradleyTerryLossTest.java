package dev.temper.alignment.loss;

import static dev.temper.alignment.loss.LossGoldens.close;
import static dev.temper.alignment.loss.LossGoldens.gradient;
import static dev.temper.alignment.loss.LossGoldens.leaf;
import static dev.temper.alignment.loss.LossGoldens.values;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.alignment.Golden;
import dev.temper.alignment.RewardPairs;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The pairwise reward loss against TRL's own method. */
class BradleyTerryLossTest {
  private static final JsonNode TABLE = Golden.json("reward_model");

  static Stream<Arguments> cases() {
    return LossGoldens.rows(TABLE);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void values_and_gradients(String name, JsonNode row) {
    JsonNode in = TABLE.get("inputs");
    double[] chosen = Golden.doubles(in.get("chosen"));
    double[] margins =
        row.at("/params/margin").asBoolean()
            ? Golden.doubles(in.get("margin"))
            : new double[chosen.length];
    double centering = row.at("/params/center_rewards_coefficient").asDouble(0);
    Scope.run(
        "case",
        () ->
            Autograd.record(
                () -> {
                  try (Parameter c = leaf(chosen);
                      Parameter r = leaf(Golden.doubles(in.get("rejected")))) {
                    Tensor values =
                        values(
                            new BradleyTerryLoss()
                                .centering(centering)
                                .compute(new RewardPairs(c.value(), r.value(), margins)));
                    Autograd.backward(values.mean());
                    close("loss", values, row.at("/expected/loss"), 1e-10, 1e-13);
                    close("chosen", gradient(c), row.at("/expected/dmean_dchosen"), 1e-10, 1e-13);
                    close(
                        "rejected", gradient(r), row.at("/expected/dmean_drejected"), 1e-10, 1e-13);
                  }
                  return null;
                }));
  }
}
