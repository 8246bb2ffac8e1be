package dev.temper.alignment.loss;

import static dev.temper.alignment.loss.LossGoldens.close;
import static dev.temper.alignment.loss.LossGoldens.gradient;
import static dev.temper.alignment.loss.LossGoldens.leaf;
import static dev.temper.alignment.loss.LossGoldens.scores;
import static dev.temper.alignment.loss.LossGoldens.values;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.alignment.Golden;
import dev.temper.alignment.UnpairedLoss;
import dev.temper.alignment.UnpairedScores;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Losses over labelled completions against TRL's own method. */
class UnpairedLossTest {
  private static final JsonNode TABLE = Golden.json("kto");

  static Stream<Arguments> cases() {
    return LossGoldens.rows(TABLE);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void values_and_gradients(String name, JsonNode row) {
    JsonNode in = row.get("inputs");
    double[] policy = Golden.doubles(in.get("policy"));
    double[] reference = Golden.doubles(in.get("ref"));
    boolean[] desirable = new boolean[policy.length];
    for (int i = 0; i < desirable.length; i++) {
      desirable[i] = in.get("label").get(i).booleanValue();
    }
    float[] ones = new float[policy.length];
    Arrays.fill(ones, 1);
    double kl =
        Math.max(
            0,
            Arrays.stream(Golden.doubles(in.get("kl_policy"))).average().orElse(0)
                - Arrays.stream(Golden.doubles(in.get("kl_ref"))).average().orElse(0));
    Scope.run(
        "case",
        () ->
            Autograd.record(
                () -> {
                  try (Parameter p = leaf(policy)) {
                    Tensor ref = Tensors.of(reference, reference.length);
                    UnpairedScores scores =
                        new UnpairedScores(
                            scores(p.value(), ones),
                            Optional.of(scores(ref, ones)),
                            desirable,
                            new double[policy.length],
                            Optional.of(Tensors.of(new double[] {kl}, 1)));
                    Tensor values = values(loss(name, row.get("params")).compute(scores));
                    Autograd.backward(values.mean());
                    close(
                        "loss",
                        chosenFirst(values.toDoubles(), desirable),
                        Golden.doubles(row.at("/expected/losses_chosen_then_rejected")),
                        1e-9,
                        1e-12);
                    close("gradient", gradient(p), row.at("/expected/dmean_dpolicy"), 1e-9, 1e-12);
                  }
                  return null;
                }));
  }

  private static double[] chosenFirst(double[] values, boolean[] desirable) {
    List<Double> chosen = new ArrayList<>();
    List<Double> rejected = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      (desirable[i] ? chosen : rejected).add(values[i]);
    }
    chosen.addAll(rejected);
    return chosen.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static UnpairedLoss loss(String name, JsonNode p) {
    double beta = p.get("beta").doubleValue();
    double good = p.get("desirable_weight").doubleValue();
    double bad = p.get("undesirable_weight").doubleValue();
    return name.startsWith("kto/")
        ? new KtoLoss(beta, good, bad)
        : new ApoZeroUnpairedLoss(beta, good, bad);
  }
}
