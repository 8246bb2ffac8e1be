package dev.temper.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.temper.tensor.Autograd;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensor;
import dev.temper.tensor.Tensors;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Chunks recomputed on the way back give the gradients of the whole thing computed at once. */
class HeadMapTest {
  private static final int ROWS = LogProbs.CHUNK + 37;
  private static final int WIDTH = 6;
  private static final int VOCABULARY = 11;

  /** Entropy of each row, weighted by the row's place: a function that needs all scores. */
  private static Tensor entropy(Tensor scores, int from, int to) {
    Tensor logProbs = scores.logSoftmax(1);
    float[] weights = new float[to - from];
    for (int i = from; i < to; i++) {
      weights[i - from] = 1 + (i % 5) * 0.25f;
    }
    return logProbs.exp().mul(logProbs).sum(1).neg().mul(Tensors.of(weights, to - from));
  }

  private static Parameter random(String name, int rows, int columns) {
    float[] values = new float[rows * columns];
    Rng rng = Rng.of(name.length());
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (2 * rng.uniform(i) - 1);
    }
    return Parameter.of(name, values, rows, columns);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void values_and_gradients_are_those_of_the_whole_batch(boolean trainHead) {
    try (Parameter hidden = random("hidden", ROWS, WIDTH);
        Parameter weight = random("weight", VOCABULARY, WIDTH)) {
      hidden.setTrainable(true);
      weight.setTrainable(trainHead);
      Head head = new Head(weight);
      float[][] whole =
          run(hidden, weight, () -> entropy(head.logits(hidden.value().mul(2)), 0, ROWS));
      float[][] chunked =
          run(
              hidden,
              weight,
              () -> HeadMap.of(head, hidden.value().mul(2), List.of(), HeadMapTest::entropy));
      for (int i = 0; i < whole.length; i++) {
        assertThat(chunked[i]).containsExactly(whole[i], within(2e-6f));
      }
    }
  }

  /** Value of each row, gradient of the hidden states, gradient of the head. */
  private static float[][] run(
      Parameter hidden, Parameter weight, java.util.function.Supplier<Tensor> body) {
    hidden.zeroGradient();
    weight.zeroGradient();
    return Scope.run(
        "test",
        () ->
            Autograd.record(
                () -> {
                  Tensor values = body.get();
                  float[] host = values.toFloats();
                  Autograd.backward(values.square().mean());
                  return new float[][] {
                    host,
                    hidden.gradient().orElseThrow().toFloats(),
                    weight.gradient().map(Tensor::toFloats).orElse(new float[0])
                  };
                }));
  }
}
