package dev.temper.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class DropoutTest {
  private static float[] dropped(long seed, int rows) {
    return Scope.run(
        "dropout",
        () -> Nn.dropout(Tensors.ones(rows, 100), 0.25, Rng.of(seed).split("noise")).toFloats());
  }

  @Test
  void zeroes_the_share_that_was_asked_for_and_scales_the_rest() {
    float[] values = dropped(1, 1000);
    int zeros = 0;
    for (float v : values) {
      assertThat(v).isIn(0f, 1 / 0.75f);
      zeros += v == 0 ? 1 : 0;
    }
    assertThat((double) zeros / values.length).isCloseTo(0.25, within(0.01)); // 7 deviations
  }

  @Test
  void is_a_function_of_the_generator_alone() {
    float[] first = dropped(3, 10);
    Scope.run("other", () -> Nn.dropout(Tensors.ones(7), 0.5, Rng.of(9)).toFloats());
    assertThat(dropped(3, 10)).isEqualTo(first);
    assertThat(dropped(4, 10)).isNotEqualTo(first);
  }

  @Test
  void threads_do_not_disturb_each_other() throws Exception {
    float[] expected = dropped(5, 200);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<float[]>> results = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        long seed = i % 2 == 0 ? 5 : 100 + i;
        results.add(threads.submit(() -> dropped(seed, 200)));
      }
      for (int i = 0; i < results.size(); i += 2) {
        assertThat(results.get(i).get()).isEqualTo(expected);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void gradients_pass_where_values_do() {
    Parameter x = Parameter.of("x", new float[] {1, 2, 3, 4, 5, 6, 7, 8}, 8);
    x.setTrainable(true);
    try {
      Scope.run(
          "gradient",
          () ->
              Autograd.record(
                  () -> {
                    Tensor y = Nn.dropout(x.value(), 0.5, Rng.of(2));
                    Autograd.backward(y.sum());
                    assertThat(x.gradient().orElseThrow().toFloats())
                        .isEqualTo(y.detach().div(x.value().detach()).toFloats());
                    return y.sum().item();
                  }));
    } finally {
      x.close();
    }
  }

  @Test
  void a_probability_out_of_range_is_refused() {
    assertThatThrownBy(
            () -> Scope.run("bad", () -> Nn.dropout(Tensors.ones(2), 1, Rng.of(0)).toFloats()))
        .hasMessageContaining("p = 1.0");
  }
}
