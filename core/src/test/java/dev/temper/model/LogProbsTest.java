package dev.temper.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.temper.tensor.Autograd;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The chunked head against the same formulas on the whole matrix of scores. */
class LogProbsTest {
  private static final int ROWS = 2 * LogProbs.CHUNK + 3;
  private static final int WIDTH = 8;
  private static final int VOCABULARY = 17;

  private record Result(
      float[] logProbs, float[] entropy, float[] correct, float[] hidden, float[] weight) {}

  private static int[] targets() {
    int[] targets = new int[ROWS];
    for (int i = 0; i < ROWS; i++) {
      targets[i] = (int) (Rng.of(3).bits(i) >>> 1) % VOCABULARY;
      targets[i] = Math.floorMod(targets[i], VOCABULARY);
    }
    return targets;
  }

  private interface Scorer {
    LogProbs.Scored score(Head head, Tensor hidden, int[] targets);
  }

  private static Result run(boolean trainHead, Scorer scorer) {
    Rng rng = Rng.of(1);
    Parameter hidden =
        Parameter.of("hidden", rng.split("h").gaussians(ROWS * WIDTH, 1), ROWS, WIDTH);
    Parameter weight =
        Parameter.of("head", rng.split("w").gaussians(VOCABULARY * WIDTH, 0.7), VOCABULARY, WIDTH);
    hidden.setTrainable(true);
    weight.setTrainable(trainHead);
    try {
      return Scope.run(
          "score",
          () ->
              Autograd.record(
                  () -> {
                    LogProbs.Scored s =
                        scorer.score(new Head(weight), hidden.value().mul(1), targets());
                    float[] upstream = rng.split("g").gaussians(ROWS, 1);
                    Autograd.backward(s.logProbs().mul(Tensors.of(upstream, ROWS)).sum());
                    return new Result(
                        s.logProbs().toFloats(),
                        s.entropy().toFloats(),
                        s.correct().toFloats(),
                        hidden.gradient().orElseThrow().toFloats(),
                        weight.gradient().map(Tensor::toFloats).orElse(new float[0]));
                  }));
    } finally {
      hidden.close();
      weight.close();
    }
  }

  private static LogProbs.Scored whole(Head head, Tensor hidden, int[] targets) {
    Tensor all = head.logits(hidden).logSoftmax(-1);
    Tensor chosen = all.gather(1, Tensors.ofInts(targets, targets.length, 1)).squeeze(1);
    Tensor top = all.argMax(-1);
    return new LogProbs.Scored(
        chosen,
        all.exp().mul(all).sum(-1).neg().detach(),
        top.eq(Tensors.ofInts(targets)).cast(dev.temper.tensor.DType.F32));
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void scores_and_gradients_are_those_of_the_whole_matrix(boolean trainHead) {
    Result expected = run(trainHead, LogProbsTest::whole);
    Result got = run(trainHead, LogProbs::scored);
    Offset<Float> close = Offset.offset(2e-5f);
    assertThat(got.logProbs()).containsExactly(expected.logProbs(), close);
    assertThat(got.entropy()).containsExactly(expected.entropy(), close);
    assertThat(got.correct()).isEqualTo(expected.correct()).contains(0f, 1f);
    assertThat(got.hidden()).containsExactly(expected.hidden(), close);
    assertThat(got.weight()).hasSize(expected.weight().length);
    for (int i = 0; i < got.weight().length; i++) {
      assertThat(got.weight()[i]).isCloseTo(expected.weight()[i], Offset.offset(2e-4f));
    }
  }

  @Test
  void one_row_keeps_its_dimension() {
    Parameter weight = Parameter.of("head", Rng.of(4).gaussians(12, 1), 4, 3);
    try {
      Scope.run(
          "one",
          () -> {
            LogProbs.Scored s =
                LogProbs.scored(new Head(weight), Tensors.ones(1, 3), new int[] {2});
            assertThat(s.logProbs().shape().dims()).containsExactly(1);
            assertThat(s.entropy().shape().dims()).containsExactly(1);
            assertThat(s.correct().shape().dims()).containsExactly(1);
          });
    } finally {
      weight.close();
    }
  }
}
