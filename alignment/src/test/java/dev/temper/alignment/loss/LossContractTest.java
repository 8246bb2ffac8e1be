package dev.temper.alignment.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.temper.alignment.PairLabels;
import dev.temper.alignment.PairScores;
import dev.temper.alignment.PreferenceLoss;
import dev.temper.alignment.SequenceScores;
import dev.temper.alignment.TokenStatistic;
import dev.temper.tensor.Autograd;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
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
 * What every loss over pairs keeps to: the value its formula has where policy and reference agree,
 * and a gradient that is the derivative of its value.
 */
class LossContractTest {
  private static final double BETA = 0.3;
  private static final double LN2 = Math.log(2);
  private static final int[] CHOSEN = {3, 1, 4};
  private static final int[] REJECTED = {2, 5, 1};

  /** Losses with the value of every pair at policy = reference. */
  static Stream<Arguments> atTheReference() {
    double half = 0.5 / BETA;
    return Stream.of(
        Arguments.of(new DpoLoss(BETA), LN2),
        Arguments.of(new DpoLoss(BETA).labelSmoothing(0.2), LN2),
        Arguments.of(new DpoLoss(BETA).divergence(new Divergence.ForwardKl()), LN2),
        Arguments.of(new DpoLoss(BETA).divergence(new Divergence.JensenShannon()), LN2),
        Arguments.of(new DpoLoss(BETA).divergence(new Divergence.Alpha(0.5)), LN2),
        Arguments.of(new HingeLoss(BETA, Divergence.reverseKl()), 1),
        Arguments.of(new IpoLoss(BETA), half * half),
        Arguments.of(new NcaPairLoss(BETA), 2 * LN2),
        Arguments.of(new RobustDpoLoss(BETA, 0.2), LN2),
        Arguments.of(new BcoPairLoss(BETA), 2 * LN2),
        Arguments.of(new SppoHardLoss(BETA), 2 * half * half),
        Arguments.of(new AotLoss(BETA, 0.1), LN2),
        Arguments.of(new AotUnpairedLoss(BETA, 0.1), LN2),
        Arguments.of(new ApoZeroLoss(BETA), 1),
        Arguments.of(new ApoDownLoss(BETA), 1),
        Arguments.of(new DiscoPopLoss(BETA, 0.05), 0.5 * LN2 + 0.5),
        Arguments.of(new SigmoidNormLoss(BETA, Divergence.reverseKl()), LN2),
        Arguments.of(new NpoLoss(BETA), 2 / BETA * LN2),
        Arguments.of(TdpoLoss.tdpo1(BETA), LN2),
        Arguments.of(TdpoLoss.tdpo2(BETA, 0.5), LN2),
        Arguments.of(new LengthDesensitizedLoss(new DpoLoss(BETA), 0.5), LN2),
        Arguments.of(new DpoLoss(BETA).times(3), 3 * LN2),
        Arguments.of(new DpoLoss(BETA).plus(0.5, new ApoZeroLoss(BETA)), LN2 + 0.5));
  }

  /** All losses over pairs. */
  static Stream<PreferenceLoss> all() {
    return Stream.concat(
        atTheReference().map(a -> (PreferenceLoss) a.get()[0]),
        Stream.of(
            new ExoPairLoss(BETA),
            new CalDpoLoss(BETA),
            new ChosenNllLoss(ChosenNllLoss.Average.COMPLETION),
            new ChosenNllLoss(ChosenNllLoss.Average.TOKEN),
            new CpoHingeLoss(BETA, 0),
            new CpoIpoLoss(BETA, 0),
            new CpoLoss(BETA, 0.1, 0),
            new SimPoLoss(2, 0.5),
            new SimPoLoss(2, 0.5).alpha(0.25),
            new OrpoLoss(BETA),
            new RDpoLoss(BETA, 0.05),
            new OffsetDpoLoss(BETA, 0.5),
            new SlicHfLoss(1, 0.1),
            new DnoLoss(BETA),
            new SppoLoss(BETA),
            new UnaPairLoss(BETA),
            new IpoLoss(BETA, IpoLoss.Normalization.SUM, Divergence.reverseKl()),
            new PairwiseCringeLoss(0, 5, 1, PairwiseCringeLoss.Gate.DIFFERENTIABLE)));
  }

  @ParameterizedTest
  @MethodSource("atTheReference")
  void has_its_closed_form_where_policy_and_reference_agree(PreferenceLoss loss, double expected) {
    Scope.run(
        "test",
        () -> {
          SequenceScores chosen = scores(loss, tokens(0, sum(CHOSEN)), CHOSEN, 0);
          SequenceScores rejected = scores(loss, tokens(1, sum(REJECTED)), REJECTED, 0);
          PairScores in =
              new PairScores(
                  chosen, rejected, Optional.of(chosen), Optional.of(rejected), labels());
          double total = 0;
          for (LossOutput.Term term : loss.compute(in).terms()) {
            total += term.values().mul(term.weights()).mean().item();
          }
          assertThat(total).isCloseTo(expected, within(1e-9 * Math.max(1, expected)));
          return true;
        });
  }

  @ParameterizedTest
  @MethodSource("all")
  void the_gradient_is_the_derivative_of_the_value(PreferenceLoss loss) {
    double[] chosen = tokens(0, sum(CHOSEN));
    double[] rejected = tokens(1, sum(REJECTED));
    double[] exact = gradient(loss, chosen, rejected);
    for (int i = 0; i < exact.length; i++) {
      double step = 1e-5;
      double up = value(loss, nudged(chosen, i, step), nudged(rejected, i - chosen.length, step));
      double down =
          value(loss, nudged(chosen, i, -step), nudged(rejected, i - chosen.length, -step));
      assertThat(exact[i])
          .as("token %d", i)
          .isCloseTo((up - down) / (2 * step), within(1e-6 * Math.max(1, Math.abs(exact[i]))));
    }
  }

  private static double[] nudged(double[] values, int i, double by) {
    double[] out = values.clone();
    if (i >= 0 && i < out.length) {
      out[i] += by;
    }
    return out;
  }

  private static double value(PreferenceLoss loss, double[] chosen, double[] rejected) {
    return Scope.run(
        "value",
        () ->
            Autograd.off(
                () ->
                    total(
                            loss,
                            Tensors.of(chosen, chosen.length),
                            Tensors.of(rejected, rejected.length))
                        .item()));
  }

  private static double[] gradient(PreferenceLoss loss, double[] chosen, double[] rejected) {
    return Scope.run(
        "gradient",
        () ->
            Autograd.record(
                () -> {
                  try (Parameter c = LossGoldens.leaf(chosen);
                      Parameter r = LossGoldens.leaf(rejected)) {
                    Autograd.backward(total(loss, c.value(), r.value()));
                    return Stream.of(c, r)
                        .flatMapToDouble(
                            p -> java.util.Arrays.stream(LossGoldens.gradient(p).toDoubles()))
                        .toArray();
                  }
                }));
  }

  /** Σ values · weights. */
  private static Tensor total(PreferenceLoss loss, Tensor chosen, Tensor rejected) {
    PairScores in =
        new PairScores(
            scores(loss, chosen, CHOSEN, 2),
            scores(loss, rejected, REJECTED, 2),
            Optional.of(scores(loss, tokens(4, sum(CHOSEN)), CHOSEN, 2)),
            Optional.of(scores(loss, tokens(5, sum(REJECTED)), REJECTED, 2)),
            labels());
    Tensor sum = Tensors.zeros(1).cast(chosen.dtype());
    for (LossOutput.Term term : loss.compute(in).terms()) {
      sum = sum.add(term.values().mul(term.weights()).sum());
    }
    return sum;
  }

  private static PairLabels labels() {
    return new PairLabels(
        new double[] {0.5, 0, 1}, new double[] {0.9, 0.6, 0.8}, new double[] {0.2, 0.5, -0.3});
  }

  private static SequenceScores scores(
      PreferenceLoss loss, double[] tokens, int[] lengths, int seed) {
    return scores(loss, Tensors.of(tokens, tokens.length), lengths, seed);
  }

  /** The statistics a loss asks for are arbitrary constants here. */
  private static SequenceScores scores(
      PreferenceLoss loss, Tensor tokens, int[] lengths, int seed) {
    List<Integer> owners = new ArrayList<>();
    for (int s = 0; s < lengths.length; s++) {
      for (int t = 0; t < lengths[s]; t++) {
        owners.add(s);
      }
    }
    SequenceScores bare =
        SequenceScores.ofTokens(
            tokens, owners.stream().mapToInt(Integer::intValue).toArray(), lengths.length);
    Map<TokenStatistic, Tensor> statistics = new HashMap<>();
    for (TokenStatistic s : loss.statistics()) {
      Tensor values = Tensors.of(tokens(seed, owners.size()), owners.size());
      statistics.put(s, seed == 0 ? Tensors.zerosLike(values) : values);
    }
    return new SequenceScores(
        bare.sums(), bare.tokens(), bare.sequences(), bare.lengths(), statistics);
  }

  private static double[] tokens(int seed, int count) {
    Rng rng = Rng.of(seed);
    double[] out = new double[count];
    for (int i = 0; i < count; i++) {
      out[i] = -0.2 - 2 * rng.uniform(i);
    }
    return out;
  }

  private static int sum(int[] values) {
    return java.util.Arrays.stream(values).sum();
  }
}
