package dev.temper.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class KernelsTest {
  @Test
  void builtin_kernels_compile_and_run() {
    double y = Scope.run("t", () -> Tensors.of(new float[] {0, 1}).silu().sum().item());
    assertThat(y).isCloseTo(0.7310586, org.assertj.core.data.Offset.offset(1e-6));
  }

  @Test
  void a_user_adds_kernels_of_their_own() {
    Kernels mine =
        Kernels.load(
            "  def twice(self: __torch__.Kernels, x: Tensor) -> Tensor:\n    return torch.add(x, x)\n");
    assertThat(Scope.run("t", () -> mine.call("twice", Tensors.of(new float[] {3})).toFloats()))
        .containsExactly(6f);
  }

  @Test
  void wrong_source_is_refused_with_the_compilers_message() {
    assertThatThrownBy(
            () ->
                Kernels.load(
                    "  def f(self: __torch__.Kernels, x: Tensor) -> Tensor:\n    return torch.no_such_thing(x)\n"))
        .hasMessageContaining("no_such_thing");
  }
}
