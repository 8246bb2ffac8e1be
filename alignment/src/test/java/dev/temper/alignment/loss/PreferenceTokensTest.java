package dev.temper.alignment.loss;

import static dev.temper.alignment.loss.LossGoldens.close;

import com.fasterxml.jackson.databind.JsonNode;
import dev.temper.alignment.Golden;
import dev.temper.alignment.PairLabels;
import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.alignment.TokenStatistic;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import dev.temper.train.LossOutput;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Losses over the tokens of a bigram model, logits[b, t] = W[ids[b, t]], against TRL's numbers and
 * the printed equations: the mean loss and its gradient on W.
 */
class PreferenceTokensTest {
  private static final JsonNode FILE = Golden.json("preference_tokens");
  private static final int V = 9;

  static Stream<Arguments> cases() {
    return LossGoldens.rows(FILE)
        .filter(a -> !((String) a.get()[0]).startsWith("cringe/"))
        .filter(a -> !((String) a.get()[0]).startsWith("orpo/nll=prompt"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void agrees_with_the_mean_loss_and_its_gradient(String name, JsonNode golden) {
    Scope.run(
        "test",
        () ->
            Autograd.record(
                () -> {
                  PreferenceLoss loss = loss(name, golden.get("params"));
                  try (Parameter w = matrix("W")) {
                    LossOutput output = loss.compute(pairs(loss, w.value(), matrixOf("W_ref")));
                    Tensor mean = mean(output);
                    JsonNode expected = golden.get("expected");
                    double relative = name.contains("exo_pair") ? 1e-6 : 1e-7;
                    close(
                        "loss",
                        new double[] {mean.item()},
                        new double[] {expected.get("mean_loss").doubleValue()},
                        relative,
                        1e-9);
                    Autograd.backward(mean);
                    close(
                        "gradient",
                        LossGoldens.gradient(w).toDoubles(),
                        LossGoldens.flat(expected.get("dmean_dW")),
                        relative,
                        1e-8);
                  }
                  return true;
                }));
  }

  private static Tensor mean(LossOutput output) {
    Tensor total = null;
    for (LossOutput.Term t : output.terms()) {
      double n = t.per() == LossOutput.Per.TOKEN ? 13 : 3; // chosen tokens, pairs
      Tensor part = t.values().mul(t.weights()).sum().div(n);
      total = total == null ? part : total.add(part);
    }
    return java.util.Objects.requireNonNull(total);
  }

  private static PreferenceLoss loss(String name, JsonNode p) {
    double beta = p.has("beta") ? p.get("beta").doubleValue() : 0;
    return switch (name.split("/")[0]) {
      case "dpo" -> dpo(p, beta);
      case "tdpo1" -> TdpoLoss.tdpo1(beta);
      case "tdpo2" -> TdpoLoss.tdpo2(beta, p.get("alpha").doubleValue());
      case "orpo" -> new OrpoLoss(beta).plus(1, nll());
      case "cpo" -> cpo(p, beta).plus(p.get("cpo_alpha").doubleValue(), nll());
      case "pairwise_cringe" ->
          new PairwiseCringeLoss(
              p.get("b").doubleValue(),
              p.get("tau").doubleValue(),
              p.get("alpha").doubleValue(),
              name.endsWith("True")
                  ? PairwiseCringeLoss.Gate.CONSTANT
                  : PairwiseCringeLoss.Gate.DIFFERENTIABLE);
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static PreferenceLoss nll() {
    return new ChosenNllLoss(ChosenNllLoss.Average.TOKEN);
  }

  private static PreferenceLoss cpo(JsonNode p, double beta) {
    return switch (p.get("loss_type").asText()) {
      case "sigmoid" -> new CpoLoss(beta);
      case "hinge" -> new CpoHingeLoss(beta, 0);
      case "ipo" -> new CpoIpoLoss(beta, 0);
      // TRL subtracts gamma / beta before it multiplies by beta.
      case "simpo" -> new SimPoLoss(beta, p.get("simpo_gamma").doubleValue());
      default -> throw new IllegalArgumentException(p.toString());
    };
  }

  private static PreferenceLoss dpo(JsonNode p, double beta) {
    if (p.get("loss_type").isArray()) {
      PreferenceLoss sum = null;
      for (int i = 0; i < p.get("loss_type").size(); i++) {
        PreferenceLoss one = single(p.get("loss_type").get(i).asText(), p, beta);
        double weight = p.get("weights").get(i).doubleValue();
        sum = sum == null ? one.times(weight) : sum.plus(weight, one);
      }
      return java.util.Objects.requireNonNull(sum);
    }
    PreferenceLoss loss = single(p.get("loss_type").asText(), p, beta);
    if (p.has("ld_alpha")) {
      loss = new LengthDesensitizedLoss(loss, p.get("ld_alpha").doubleValue());
    }
    return p.has("wpo") ? new PolicyWeightedLoss(loss) : loss;
  }

  private static PreferenceLoss single(String type, JsonNode p, double beta) {
    double eps = p.has("eps") ? p.get("eps").doubleValue() : 0;
    Divergence divergence =
        switch (p.path("fdiv").asText("reverse_kl")) {
          case "forward_kl" -> new Divergence.ForwardKl();
          case "js_divergence" -> new Divergence.JensenShannon();
          default -> Divergence.reverseKl();
        };
    return switch (type) {
      case "sigmoid" -> new DpoLoss(beta).divergence(divergence); // TRL ignores its smoothing
      case "hinge" -> new HingeLoss(beta, divergence);
      case "ipo" -> new IpoLoss(beta, IpoLoss.Normalization.TOKENS, divergence);
      case "exo_pair" -> new ExoPairLoss(beta, eps);
      case "nca_pair" -> new NcaPairLoss(beta);
      case "robust" -> new RobustDpoLoss(beta, eps);
      case "bco_pair" -> new BcoPairLoss(beta);
      case "sppo_hard" -> new SppoHardLoss(beta);
      case "aot" -> new AotLoss(beta, eps);
      case "aot_unpaired" -> new AotUnpairedLoss(beta, eps);
      case "apo_zero" -> new ApoZeroLoss(beta);
      case "apo_down" -> new ApoDownLoss(beta);
      case "discopop" -> new DiscoPopLoss(beta, p.get("discopop_tau").doubleValue());
      case "sigmoid_norm" -> new SigmoidNormLoss(beta, divergence);
      case "sft" -> nll();
      default -> throw new IllegalArgumentException(type);
    };
  }

  private static Parameter matrix(String name) {
    Parameter w = Parameter.of(name, matrixOf(name));
    w.setTrainable(true);
    return w;
  }

  private static Tensor matrixOf(String name) {
    return Tensors.of(LossGoldens.flat(FILE.get("inputs").get(name)), V, V);
  }

  private static PairScores pairs(PreferenceLoss loss, Tensor w, Tensor reference) {
    return new PairScores(
        side(loss, w, reference, 0),
        side(loss, w, reference, 3),
        Optional.of(side(loss, reference, reference, 0)),
        Optional.of(side(loss, reference, reference, 3)),
        PairLabels.none(3));
  }

  /** Three rows from {@code first} on as a model sees them. */
  private static SequenceScores side(PreferenceLoss loss, Tensor w, Tensor reference, int first) {
    List<Integer> predictors = new ArrayList<>();
    List<Integer> targets = new ArrayList<>();
    List<Integer> owners = new ArrayList<>();
    for (int b = first; b < first + 3; b++) {
      JsonNode ids = FILE.get("inputs").get("input_ids").get(b);
      JsonNode mask = FILE.get("inputs").get("completion_mask").get(b);
      for (int t = 1; t < ids.size(); t++) {
        if (mask.get(t).intValue() == 1) {
          predictors.add(ids.get(t - 1).intValue());
          targets.add(ids.get(t).intValue());
          owners.add(b - first);
        }
      }
    }
    Tensor rows = Tensors.ofInts(ints(predictors));
    Tensor next = Tensors.of(targets.stream().mapToLong(i -> i).toArray(), targets.size());
    Tensor logits = w.indexSelect(0, rows);
    Map<TokenStatistic, Tensor> statistics = new HashMap<>();
    for (TokenStatistic s : loss.statistics()) {
      statistics.put(
          s,
          s.compute(
              new TokenStatistic.Distributions(
                  logits, Optional.of(reference.indexSelect(0, rows)), next)));
    }
    Tensor logProbs = logits.logSoftmax(1).gather(1, next.unsqueeze(1)).squeeze(1);
    SequenceScores scores = SequenceScores.ofTokens(logProbs, ints(owners), 3);
    return new SequenceScores(
        scores.sums(), scores.tokens(), scores.sequences(), scores.lengths(), statistics);
  }

  private static int[] ints(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }
}
