package dev.temper.alignment.loss;

import static dev.temper.alignment.loss.LossGoldens.close;
import static dev.temper.alignment.loss.LossGoldens.flat;
import static dev.temper.alignment.loss.LossGoldens.gradient;
import static dev.temper.alignment.loss.LossGoldens.leaf;
import static dev.temper.alignment.loss.LossGoldens.scores;
import static dev.temper.alignment.loss.LossGoldens.values;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.alignment.Golden;
import dev.temper.alignment.ListLoss;
import dev.temper.alignment.ListScores;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Losses over ranked lists against the printed equations. */
class ListLossTest {
  private static final JsonNode TABLE = Golden.json("listwise");

  static Stream<Arguments> cases() {
    return LossGoldens.rows(TABLE);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void values_and_gradients(String name, JsonNode row) {
    JsonNode in = TABLE.get("inputs");
    int k = in.get("K").intValue();
    double[] policy = flat(in.get("policy"));
    double[] reference = flat(in.get("ref"));
    double[] rewards = flat(in.get("reward"));
    if (name.startsWith("d2o")) { // the last column is the human negative
      for (int i = 0; i < rewards.length; i++) {
        rewards[i] = i % k == k - 1 ? 0 : 1;
      }
    }
    double[] lengths = flat(in.get("len"));
    float[] single = new float[lengths.length];
    for (int i = 0; i < single.length; i++) {
      single[i] = (float) lengths[i];
    }
    int[] starts = new int[policy.length / k + 1];
    for (int l = 0; l < starts.length; l++) {
      starts[l] = l * k;
    }
    Scope.run(
        "case",
        () ->
            Autograd.record(
                () -> {
                  try (Parameter p = leaf(policy)) {
                    Tensor ref = Tensors.of(reference, reference.length);
                    ListScores lists =
                        new ListScores(
                            scores(p.value(), single),
                            Optional.of(scores(ref, single)),
                            starts,
                            rewards);
                    Tensor values = values(loss(name, row.get("params")).compute(lists));
                    Autograd.backward(values.sum());
                    close("loss", values, row.at("/expected/loss"), 1e-9, 1e-12);
                    close(
                        "gradient",
                        gradient(p).toDoubles(),
                        flat(row.at("/expected/dsum_dpolicy")),
                        1e-9,
                        1e-12);
                  }
                  return null;
                }));
  }

  private static ListLoss loss(String name, JsonNode p) {
    double beta = p.path("beta").asDouble(0);
    return switch (name.split("/")[0]) {
      case "rrhf" -> new RrhfLoss(p.get("len_power").doubleValue());
      case "plackett_luce" -> new PlackettLuceLoss(beta);
      case "pro" ->
          new ProLoss(
              p.get("beta_sft").doubleValue(),
              name.equals("pro/T=1") ? ProLoss.Temperature.UNIT : ProLoss.Temperature.REWARD);
      case "lipo_lambda" -> new LipoLoss(beta);
      case "pairwise_logistic" -> new LipoLoss(beta, LipoLoss.Weights.EQUAL);
      case "listnet_softmax" -> new ListNetLoss(beta);
      case "d2o" -> new D2oLoss(beta, p.get("alpha").doubleValue());
      case "instructgpt_k_wise" -> new KWiseLoss();
      default -> throw new IllegalArgumentException(name);
    };
  }
}
