package dev.temper.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DecodeKernelsTest {
  @ParameterizedTest
  @CsvSource({
    "FLOAT32, 1e-6",
    "FLOAT16, 1e-3",
    "INT8, 3e-2",
  })
  void products_differ_from_float64_by_no_more_than_the_format_says(
      DecodeKernels.Format format, double bound) {
    assumeTrue(DecodeKernels.isAvailable(format));
    int before = Census.liveArrays();
    for (boolean bias : new boolean[] {false, true}) {
      for (int rows : new int[] {1, 2, 8, 9, 33, 130}) {
        assertThat(error(format, rows, 96, 72, bias))
            .as("%d rows, bias %s", rows, bias)
            .isLessThan(bound);
      }
    }
    assertThat(Census.liveArrays()).isEqualTo(before);
  }

  /** ‖y - y64‖ / ‖y64‖. */
  private static double error(
      DecodeKernels.Format format, int rows, int in, int out, boolean withBias) {
    Rng rng = Rng.of(5);
    float[] x = rng.split("x").uniforms(rows * in, -1, 1);
    float[] w = rng.split("w").uniforms(out * in, -0.1, 0.1);
    float[] b = rng.split("b").uniforms(out, -1, 1);
    double[] exact = new double[rows * out];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < out; j++) {
        double sum = withBias ? b[j] : 0;
        for (int k = 0; k < in; k++) {
          sum += (double) x[i * in + k] * w[j * in + k];
        }
        exact[i * out + j] = sum;
      }
    }
    float[] made;
    try (DecodeKernels kernels = new DecodeKernels(format)) {
      made =
          Scope.run(
              "t",
              () -> {
                @Nullable Tensor bias = withBias ? Tensors.of(b, out) : null;
                int other = kernels.add(Tensors.ones(4, in), null);
                int index = kernels.add(Tensors.of(w, out, in), bias);
                assertThat(other).isZero();
                return kernels.product(index, Tensors.of(x, rows, in)).toFloats();
              });
    }
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < exact.length; i++) {
      difference += (made[i] - exact[i]) * (made[i] - exact[i]);
      norm += exact[i] * exact[i];
    }
    return Math.sqrt(difference / norm);
  }

  @Test
  void best_is_the_index_of_the_largest_product() {
    assumeTrue(DecodeKernels.isAvailable(DecodeKernels.Format.FLOAT16));
    try (DecodeKernels kernels = new DecodeKernels(DecodeKernels.Format.FLOAT16)) {
      long[] best =
          Scope.run(
              "t",
              () -> {
                int eye = kernels.add(Tensors.eye(16), null);
                return kernels.best(eye, Tensors.eye(16).slice(0, 3, 6)).toLongs();
              });
      assertThat(best).containsExactly(3, 4, 5);
    }
  }

  @Test
  void versions_count_writes_in_place() {
    try (Parameter a = Parameter.of("a", new float[] {1, 2}, 2);
        Parameter b = Parameter.of("b", new float[] {1, 2}, 2)) {
      long[] before = versions(a, b);
      a.assign(new float[] {3, 4});
      long[] assigned = versions(a, b);
      assertThat(assigned[0]).isNotEqualTo(before[0]);
      assertThat(assigned[1]).isEqualTo(before[1]);
      Scope.run(
          "step",
          () ->
              Optim.adamW(
                  java.util.List.of(b.value()),
                  java.util.List.of(Tensors.ones(2)),
                  java.util.List.of(Tensors.zeros(2)),
                  java.util.List.of(Tensors.zeros(2)),
                  1,
                  0.1,
                  0.9,
                  0.99,
                  0,
                  1e-8));
      assertThat(versions(a, b)[1]).isNotEqualTo(before[1]);
    }
  }

  private static long[] versions(Parameter a, Parameter b) {
    return Scope.run("t", () -> DecodeKernels.versions(java.util.List.of(a.value(), b.value())));
  }

  @Test
  void linear_gives_the_same_with_and_without_gradients() {
    for (int rows : new int[] {1, 8, 9, 128, 200}) {
      float[] x = Rng.of(1).uniforms(rows * 24, -1, 1);
      float[] w = Rng.of(2).uniforms(40 * 24, -1, 1);
      float[] b = Rng.of(3).uniforms(40, -1, 1);
      float[] off = Scope.run("t", () -> linear(x, w, b, rows).toFloats());
      float[] on = Scope.run("t", () -> Autograd.record(() -> linear(x, w, b, rows)).toFloats());
      assertThat(off).hasSize(rows * 40);
      for (int i = 0; i < off.length; i++) {
        assertThat(off[i]).isCloseTo(on[i], org.assertj.core.data.Offset.offset(1e-5f));
      }
    }
  }

  private static Tensor linear(float[] x, float[] w, float[] b, int rows) {
    return Nn.linear(Tensors.of(x, rows, 24), Tensors.of(w, 40, 24), Tensors.of(b, 40));
  }
}
