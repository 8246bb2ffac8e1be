package dev.temper.alignment.loss;

import static dev.temper.alignment.loss.LossGoldens.close;
import static dev.temper.alignment.loss.LossGoldens.gradient;
import static dev.temper.alignment.loss.LossGoldens.leaf;
import static dev.temper.alignment.loss.LossGoldens.rows;
import static dev.temper.alignment.loss.LossGoldens.scores;
import static dev.temper.alignment.loss.LossGoldens.values;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.alignment.Golden;
import dev.temper.alignment.PairLabels;
import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every preference loss against TRL's own methods or the printed equation: values, gradients. */
class PreferenceTableTest {
  private static final JsonNode TABLE = Golden.json("preference_table");
  private static final JsonNode FREE = Golden.json("cpo_orpo_table");

  static Stream<Arguments> withReference() {
    return rows(TABLE).filter(r -> !((String) r.get()[0]).startsWith("pairwise_gate"));
  }

  static Stream<Arguments> withoutReference() {
    return rows(FREE);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("withReference")
  void losses_with_a_reference(String name, JsonNode row) {
    JsonNode in = TABLE.get("inputs");
    boolean single = row.at("/params/dtype").asText("float64").equals("float32");
    // exo_pair: TRL makes ln ε from a float32 scalar.
    double relative = single ? 2e-5 : name.contains("exo_pair") ? 1e-6 : 1e-9;
    double absolute = single ? 1e-6 : 1e-12;
    Reference reference =
        new Reference(Golden.doubles(in.get("ref_chosen")), Golden.doubles(in.get("ref_rejected")));
    check(
        row,
        loss(name, row.get("params")),
        Golden.doubles(in.get("policy_chosen")),
        Golden.doubles(in.get("policy_rejected")),
        Optional.of(reference),
        Golden.floats(in.get("len_chosen")),
        Golden.floats(in.get("len_rejected")),
        labels(name, row.get("params"), in.get("n").intValue()),
        relative,
        absolute);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("withoutReference")
  void losses_without_a_reference(String name, JsonNode row) {
    JsonNode in = FREE.get("inputs");
    // The table gives sums or means as the loss wants them; with lengths of 1 they are the same.
    String which = row.at("/params/inputs").asText("").startsWith("sum") ? "sum" : "avg";
    double[] chosen = Golden.doubles(in.get(which + "_chosen"));
    boolean single = name.startsWith("orpo/");
    float[] ones = new float[chosen.length];
    Arrays.fill(ones, 1);
    check(
        row,
        loss(name, row.get("params")),
        chosen,
        Golden.doubles(in.get(which + "_rejected")),
        Optional.empty(),
        ones,
        ones,
        PairLabels.none(ones.length),
        single ? 2e-5 : 1e-9,
        single ? 1e-6 : 1e-12);
  }

  private record Reference(double[] chosen, double[] rejected) {}

  private static void check(
      JsonNode row,
      PreferenceLoss loss,
      double[] chosen,
      double[] rejected,
      Optional<Reference> reference,
      float[] chosenLengths,
      float[] rejectedLengths,
      PairLabels labels,
      double relative,
      double absolute) {
    JsonNode expected = row.get("expected");
    // TRL's ORPO term is subtracted by its trainer; ours is a loss.
    double sign = row.get("name").asText().startsWith("orpo") ? -1 : 1;
    Scope.run(
        "case",
        () ->
            Autograd.record(
                () -> {
                  try (Parameter c = leaf(chosen);
                      Parameter r = leaf(rejected)) {
                    SequenceScores policyChosen = scores(c.value(), chosenLengths);
                    SequenceScores policyRejected = scores(r.value(), rejectedLengths);
                    Optional<SequenceScores> refChosen =
                        reference.map(
                            x -> scores(Tensors.of(x.chosen(), n(x.chosen())), chosenLengths));
                    Optional<SequenceScores> refRejected =
                        reference.map(
                            x ->
                                scores(Tensors.of(x.rejected(), n(x.rejected())), rejectedLengths));
                    var output =
                        loss.compute(
                            new PairScores(
                                policyChosen, policyRejected, refChosen, refRejected, labels));
                    Tensor values = values(output);
                    Autograd.backward(values.sum());
                    close("loss", values.mul(sign), expected.get("loss"), relative, absolute);
                    close(
                        "d chosen",
                        gradient(c).mul(sign),
                        expected.get("dsum_dpolicy_chosen"),
                        relative,
                        absolute);
                    close(
                        "d rejected",
                        gradient(r).mul(sign),
                        expected.get("dsum_dpolicy_rejected"),
                        relative,
                        absolute);
                    boolean trl = row.get("source").asText().startsWith("trl");
                    if (trl && expected.has("chosen_reward")) {
                      close(
                          "chosen reward",
                          loss.reward(policyChosen, refChosen.orElse(policyChosen)),
                          expected.get("chosen_reward"),
                          relative,
                          absolute);
                      close(
                          "rejected reward",
                          loss.reward(policyRejected, refRejected.orElse(policyRejected)),
                          expected.get("rejected_reward"),
                          relative,
                          absolute);
                    }
                  }
                  return null;
                }));
  }

  private static long n(double[] values) {
    return values.length;
  }

  private static PairLabels labels(String name, JsonNode p, int n) {
    if (!name.startsWith("dno_soft") && !name.startsWith("sppo_soft")) {
      return PairLabels.none(n);
    }
    double[] chosen = new double[n];
    double[] rejected = new double[n];
    if (name.startsWith("dno_soft")) {
      double odds = p.get("p").doubleValue();
      Arrays.fill(chosen, Math.log(odds / (1 - odds)));
    } else {
      Arrays.fill(chosen, p.get("p_c").doubleValue());
      Arrays.fill(rejected, p.get("p_r").doubleValue());
    }
    return new PairLabels(new double[n], chosen, rejected);
  }

  private static Divergence divergence(JsonNode p) {
    return switch (p.path("fdiv").asText("reverse_kl")) {
      case "reverse_kl" -> Divergence.reverseKl();
      case "forward_kl" -> new Divergence.ForwardKl();
      case "js_divergence" -> new Divergence.JensenShannon();
      case "alpha_divergence" -> new Divergence.Alpha(p.get("alpha").doubleValue());
      default -> throw new IllegalArgumentException(p.toString());
    };
  }

  private static PreferenceLoss loss(String name, JsonNode p) {
    double beta =
        p.path("beta").asDouble(Double.parseDouble(name.replaceAll(".*beta=([0-9.]+).*", "$1")));
    double eps = p.path("eps").asDouble(p.path("label_smoothing").asDouble(0));
    double alpha = p.path("alpha").asDouble(0);
    List<String> parts = List.of(name.split("/"));
    String key =
        parts.get(0) + (parts.size() > 1 && !parts.get(1).contains("=") ? "/" + parts.get(1) : "");
    return switch (key) {
      // TRL's sigmoid ignores label smoothing, and so do these goldens.
      case "dpo/sigmoid" -> new DpoLoss(beta).divergence(divergence(p));
      case "dpo/cdpo" -> new DpoLoss(beta).labelSmoothing(eps);
      case "dpo/hinge" -> new HingeLoss(beta, divergence(p));
      case "dpo/ipo" -> new IpoLoss(beta, IpoLoss.Normalization.TOKENS, divergence(p));
      case "dpo/ipo_sum" -> new IpoLoss(beta, IpoLoss.Normalization.SUM, divergence(p));
      case "dpo/exo_pair" -> new ExoPairLoss(beta, eps);
      case "dpo/nca_pair" -> new NcaPairLoss(beta);
      case "dpo/robust" -> new RobustDpoLoss(beta, eps);
      case "dpo/bco_pair" -> new BcoPairLoss(beta);
      case "dpo/sppo_hard" -> new SppoHardLoss(beta);
      case "dpo/aot" -> new AotLoss(beta, eps);
      case "dpo/aot_unpaired" -> new AotUnpairedLoss(beta, eps);
      case "dpo/apo_zero" -> new ApoZeroLoss(beta);
      case "dpo/apo_down" -> new ApoDownLoss(beta);
      case "dpo/discopop" -> new DiscoPopLoss(beta, p.get("discopop_tau").doubleValue());
      case "dpo/sigmoid_norm" -> new SigmoidNormLoss(beta, divergence(p));
      case "dpo/slic_hinge_logits" -> new CpoHingeLoss(beta);
      case "slic_hf" -> new SlicHfLoss(p.get("delta").doubleValue(), p.get("lambda").doubleValue());
      case "r_dpo" -> new RDpoLoss(beta, alpha);
      case "cal_dpo" -> new CalDpoLoss(beta);
      case "dpo/rpo_nll" ->
          new DpoLoss(beta).plus(alpha, new ChosenNllLoss(ChosenNllLoss.Average.COMPLETION));
      case "dpo/margin_offset" -> new OffsetDpoLoss(beta, p.get("offset").doubleValue());
      case "dno_soft" -> new DnoLoss(beta);
      case "sppo_soft" -> new SppoLoss(beta);
      case "spin" -> new DpoLoss(beta);
      case "una/pair_logistic" -> new UnaPairLoss(beta);
      case "una/mse_scores" -> unaScores(beta, Golden.doubles(p.get("s")));
      case "una/bce_binary" -> new BcoPairLoss(beta);
      case "npo" -> new NpoLoss(beta);
      case "npo/retain_nll" ->
          new NpoLoss(beta).plus(1, new ChosenNllLoss(ChosenNllLoss.Average.COMPLETION));
      case "cpo/sigmoid" -> new CpoLoss(beta, eps, alpha);
      case "cpo/hinge" -> new CpoHingeLoss(beta, alpha);
      case "cpo/ipo" -> new CpoIpoLoss(beta, alpha);
      case "cpo/simpo" -> new SimPoLoss(beta, p.get("simpo_gamma").doubleValue(), eps, alpha);
      case "orpo", "orpo_float64" -> new OrpoLoss(beta);
      default -> throw new IllegalArgumentException(key);
    };
  }

  private static PreferenceLoss unaScores(double beta, double[] scores) {
    return in ->
        PreferenceLoss.perPair(
            in.chosenLogRatio().mul(beta).sub(Tensors.of(scores, scores.length)).square());
  }
}
