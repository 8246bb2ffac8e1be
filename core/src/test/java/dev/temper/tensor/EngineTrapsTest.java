package dev.temper.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The engine's traps, each shown not to exist here. Every test also leaves as many arrays alive as
 * it found.
 */
class EngineTrapsTest {
  private int before;

  @BeforeEach
  void count() {
    before = Census.liveArrays();
  }

  @AfterEach
  void nothing_leaked() {
    assertThat(Census.liveArrays()).as("live arrays").isEqualTo(before);
  }

  private static Parameter trainable(String name, float... values) {
    Parameter p = Parameter.of(name, values, values.length);
    p.setTrainable(true);
    return p;
  }

  /** Frees what the collector can free and overwrites the memory with other numbers. */
  private static void collectGarbage() {
    System.gc();
    List<ByteBuffer> junk = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      ByteBuffer b = ByteBuffer.allocateDirect(64).order(ByteOrder.nativeOrder());
      while (b.hasRemaining()) {
        b.putFloat(123.5f);
      }
      junk.add(b);
    }
    assertThat(junk).hasSize(200);
  }

  @Test
  void every_tensor_can_be_asked_whether_it_requires_a_gradient() {
    try (Parameter p = trainable("p", 1);
        Parameter frozen = Parameter.of("frozen", new float[1], 1)) {
      assertThat(p.value().requiresGradient()).isTrue();
      assertThat(frozen.value().requiresGradient()).isFalse();
      Scope.run(
          "ask",
          () -> {
            assertThat(Tensors.ones(2).requiresGradient()).isFalse();
            assertThat(Autograd.record(() -> p.value().exp()).requiresGradient()).isTrue();
            assertThat(Autograd.record(() -> p.value().exp().detach()).requiresGradient())
                .isFalse();
          });
    }
  }

  private static float[] gradient(Parameter p) {
    return p.gradient().orElseThrow().toFloats();
  }

  // ---- garbage collection ----------------------------------------------------------------------

  static List<UnaryOperator<Tensor>> withSavedData() {
    return List.of(
        x -> x.mul(2.5),
        x -> x.div(0.4),
        x -> x.pow(1).mul(2.5),
        x -> x.maximum(-100).mul(2.5),
        x -> x.mul(Tensors.of(new float[] {2.5f, 2.5f, 2.5f})),
        x -> x.mul(Tensors.full(2.5, 3)),
        x -> x.mul(Tensors.of(new long[] {2, 2, 2})).add(x.mul(0.5)),
        x -> x.mul(2.5).indexSelect(0, Tensors.of(new long[] {0, 1, 2})));
  }

  @ParameterizedTest
  @MethodSource("withSavedData")
  void gradients_are_right_when_garbage_is_collected_between_forward_and_backward(
      UnaryOperator<Tensor> f) {
    try (Parameter p = trainable("p", 1, 1, 1)) {
      for (int trial = 0; trial < 5; trial++) {
        Scope.run(
            "step",
            () -> {
              p.zeroGradient();
              Tensor loss = Autograd.record(() -> f.apply(p.value()).sum());
              collectGarbage();
              Autograd.backward(loss);
              assertThat(gradient(p)).containsExactly(2.5f, 2.5f, 2.5f);
            });
      }
    }
  }

  @Test
  void intermediates_may_be_freed_before_backward() {
    try (Parameter p = trainable("p", 1, 2)) {
      Scope.run(
          "step",
          () -> {
            Tensor loss =
                Autograd.record(
                    () -> Scope.run("inner", () -> p.value().square().mul(3).exp().log().sum()));
            collectGarbage();
            Autograd.backward(loss);
            assertThat(gradient(p)).containsExactly(new float[] {6, 12}, within(1e-4f));
          });
    }
  }

  @Test
  void five_hundred_steps_with_forced_collections_train_and_leak_nothing() {
    double[] target = {2, -1, 0.5};
    try (Parameter w = trainable("w", 0, 0, 0)) {
      int flat = -1;
      for (int step = 0; step < 500; step++) {
        int s = step;
        Scope.run(
            "step",
            () -> {
              w.zeroGradient();
              float[] x = Rng.of(s).gaussians(12, 1);
              float[] y = new float[4];
              for (int i = 0; i < y.length; i++) {
                for (int j = 0; j < 3; j++) {
                  y[i] += (float) (x[3 * i + j] * target[j]);
                }
              }
              Tensor loss =
                  Autograd.record(
                      () ->
                          Tensors.of(x, 4, 3)
                              .matMul(w.value())
                              .sub(Tensors.of(y))
                              .square()
                              .mean()
                              .mul(0.5));
              if (s % 10 == 0) {
                collectGarbage();
              }
              Autograd.backward(loss);
              w.assign(w.value().sub(w.gradient().orElseThrow().mul(0.1)).detach());
            });
        int now = Census.liveArrays();
        if (step == 0) {
          flat = now;
        }
        assertThat(now).as("live arrays after step %d", step).isEqualTo(flat);
      }
      assertThat(w.toFloats()).containsExactly(new float[] {2, -1, 0.5f}, within(1e-3f));
    }
  }

  // ---- types -----------------------------------------------------------------------------------

  @Test
  void casts_and_copies_stay_in_the_graph() {
    try (Parameter p = trainable("p", 1, 2)) {
      for (UnaryOperator<Tensor> f :
          List.<UnaryOperator<Tensor>>of(
              x -> x.cast(DType.F64),
              x -> x.cast(DType.F16),
              x -> x.cast(DType.BF16),
              Tensor::copy)) {
        Scope.run(
            "step",
            () -> {
              p.zeroGradient();
              Autograd.backward(
                  Autograd.record(() -> f.apply(p.value()).cast(DType.F32).mul(3).sum()));
              assertThat(gradient(p)).containsExactly(3, 3);
            });
      }
    }
  }

  @Test
  void bf16_comes_and_goes_by_cast_and_computes_with_scalars() {
    Scope.run(
        "bf16",
        () -> {
          Tensor b = Tensors.of(new float[] {0x1.01p0f, 3.1415927f}).cast(DType.BF16);
          assertThat(b.dtype()).isEqualTo(DType.BF16);
          // Eight bits of significand, halves to even.
          assertThat(b.toFloats()).containsExactly(1f, 3.140625f);
          assertThat(b.mul(2).dtype()).isEqualTo(DType.BF16);
          assertThat(b.mul(2).toFloats()).containsExactly(2f, 6.28125f);
          assertThat(b.detach().reshape(2, 1).shape()).isEqualTo(Shape.of(2, 1));
        });
  }

  @Test
  void bf16_from_host_data_is_a_clear_error() {
    assertThatThrownBy(() -> Parameter.zeros("p", DType.BF16, Shape.of(2)).close())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("BF16 cannot be created from host data")
        .hasMessageContaining("cast(DType.BF16)");
  }

  // ---- ownership -------------------------------------------------------------------------------

  record Pair(Tensor a, List<Tensor> b, int n) {}

  @Test
  void nested_scopes_free_what_they_do_not_return() {
    Scope.run(
        "outer",
        () -> {
          int start = Census.liveArrays();
          Pair kept =
              Scope.run(
                  "middle",
                  () ->
                      Scope.run(
                          "inner",
                          () -> {
                            Tensor x = Tensors.ones(2, 2);
                            x.t().mul(3).slice(0, 0, 1).exp();
                            return new Pair(x.add(1), List.of(x.sub(1)), 5);
                          }));
          assertThat(Census.liveArrays()).isEqualTo(start + 2);
          assertThat(kept.a().sum().item()).isEqualTo(8);
          assertThat(kept.b().get(0).sum().item()).isZero();
        });
  }

  @Test
  void containers_hand_their_tensors_to_the_enclosing_scope() {
    Scope.run(
        "outer",
        () -> {
          Map<String, Tensor[]> map =
              Scope.run("inner", () -> Map.of("k", new Tensor[] {Tensors.ones(1)}));
          Optional<Tensor> maybe = Scope.run("inner", () -> Optional.of(Tensors.ones(1)));
          assertThat(map.values().iterator().next()[0].item() + maybe.orElseThrow().item())
              .isEqualTo(2);
        });
  }

  @Test
  void a_parameters_views_and_gradients_do_not_accumulate() {
    try (Parameter p = trainable("p", 1, 2)) {
      Scope.run(
          "run",
          () -> {
            int start = Census.liveArrays();
            for (int i = 0; i < 50; i++) {
              Scope.run(
                  "step",
                  () -> {
                    Autograd.backward(Autograd.record(() -> p.value().reshape(2, 1).t().sum()));
                    assertThat(p.gradient()).isPresent();
                    p.zeroGradient();
                  });
            }
            assertThat(Census.liveArrays()).isEqualTo(start);
          });
    }
  }

  @Test
  void exceptions_free_everything_and_the_thread_goes_on() {
    try (Parameter p = trainable("p", 1, 2)) {
      int start = Census.liveArrays();
      assertThatThrownBy(
              () ->
                  Scope.run(
                      "outer",
                      () ->
                          Autograd.record(
                              () ->
                                  Scope.run(
                                      "inner",
                                      () -> {
                                        Tensor x = p.value().mul(2);
                                        Autograd.stage(x, List.of(x), g -> {});
                                        return x.matMul(Tensors.ones(3, 3)).item();
                                      }))))
          .isInstanceOf(TensorException.class);
      assertThat(Census.liveArrays()).isEqualTo(start);
      assertThat(Autograd.isRecording()).isFalse();
      assertThat(Scope.isOpen()).isFalse();
      assertThat(Scope.<Double>run("again", () -> p.value().sum().item())).isEqualTo(3);
    }
  }

  @Test
  void a_tensor_used_after_its_scope_is_a_clear_error() {
    Tensor[] escaped = new Tensor[1];
    Scope.run(
        "first",
        () -> {
          escaped[0] = Tensors.ones(2);
        });
    Scope.run(
        "second",
        () ->
            assertThatThrownBy(() -> escaped[0].mul(2))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("freed when its scope ended")
                .hasMessageContaining("second"));
    assertThat(escaped[0]).hasToString("Tensor (freed)");
  }

  // ---- errors ----------------------------------------------------------------------------------

  @Test
  void no_open_scope_is_a_clear_error() {
    assertThatThrownBy(() -> Tensors.ones(2))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("no scope is open on thread");
    try (Parameter p = trainable("p", 1)) {
      assertThatThrownBy(() -> p.value().mul(2))
          .hasMessageContaining("mul")
          .hasMessageContaining("Scope.run");
      assertThatThrownBy(() -> p.value().silu())
          .hasMessageContaining("silu")
          .hasMessageContaining("Scope.run");
      assertThatThrownBy(p::gradient)
          .hasMessageContaining("gradient of p")
          .hasMessageContaining("Scope.run");
    }
  }

  @Test
  void a_tensor_returned_from_the_outermost_scope_is_a_clear_error() {
    assertThatThrownBy(
            () -> Scope.<Object>run("evaluate", () -> new Pair(Tensors.ones(1), List.of(), 0)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("'evaluate'")
        .hasMessageContaining("outermost")
        .hasMessageContaining("item()");
  }

  @Test
  void shape_errors_name_the_operation_and_the_shapes() {
    Scope.run(
        "errors",
        () -> {
          assertThatThrownBy(() -> Tensors.zeros(4, 12, 64).matMul(Tensors.zeros(32, 64)))
              .isInstanceOf(TensorException.class)
              .hasMessage(
                  "matMul: [4, 12, 64] x [32, 64]: inner dimensions 64 and 32 differ (transpose?)");
          Map<String, Supplier<Object>> wrong =
              Map.of(
                  "add: [2, 3] and [4]", () -> Tensors.zeros(2, 3).add(Tensors.zeros(4)),
                  "reshape: [2, 3] (6 elements) does not fit [4]",
                      () -> Tensors.zeros(2, 3).reshape(4),
                  "slice: [1, 5) of dimension 0 of [2, 3]",
                      () -> Tensors.zeros(2, 3).slice(0, 1, 5),
                  "cat: [2, 3] and [2, 4]",
                      () -> Tensors.cat(List.of(Tensors.zeros(2, 3), Tensors.zeros(2, 4)), 0),
                  "index_add: [2, 3]",
                      () ->
                          Tensors.zeros(2, 3)
                              .indexAdd(0, Tensors.of(new long[] {0}), Tensors.zeros(1, 4)),
                  "dimension 2 of shape [2, 3] does not exist", () -> Tensors.zeros(2, 3).sum(2),
                  "item: shape [2, 3]", () -> Tensors.zeros(2, 3).item(),
                  "Tensors.of: 2 values for shape [3]", () -> Tensors.of(new float[2], 3),
                  "backward: the loss has shape [2]",
                      () -> {
                        Autograd.backward(Tensors.zeros(2));
                        return "";
                      },
                  "does not depend on any trainable parameter",
                      () -> {
                        Autograd.backward(Tensors.zeros().sum());
                        return "";
                      });
          wrong.forEach((message, f) -> assertThatThrownBy(f::get).hasMessageContaining(message));
        });
  }

  // ---- gradient mode and threads ---------------------------------------------------------------

  private static <T> T inFreshThread(Supplier<T> body) {
    ExecutorService one = Executors.newSingleThreadExecutor();
    try {
      return one.submit(body::get).get(60, TimeUnit.SECONDS);
    } catch (InterruptedException
        | java.util.concurrent.ExecutionException
        | java.util.concurrent.TimeoutException e) {
      throw new AssertionError(e);
    } finally {
      one.shutdownNow();
    }
  }

  @Test
  void recording_depends_on_the_code_and_not_on_the_thread() {
    try (Parameter p = trainable("p", 1, 2)) {
      Supplier<List<Boolean>> modes =
          () ->
              Scope.run(
                  "modes",
                  () ->
                      List.of(
                          p.value().mul(2).requiresGradient(),
                          Autograd.record(() -> p.value().mul(2).requiresGradient()),
                          Autograd.record(
                              () -> Scope.run("inner", () -> p.value().silu().requiresGradient())),
                          Autograd.record(
                              () -> Autograd.off(() -> p.value().silu().requiresGradient())),
                          p.value().silu().requiresGradient()));
      List<Boolean> expected = List.of(false, true, true, false, false);
      assertThat(modes.get()).isEqualTo(expected);
      assertThat(inFreshThread(modes)).isEqualTo(expected);
    }
  }

  @Test
  void two_threads_train_at_the_same_time() throws Exception {
    Supplier<float[]> alone = () -> train(1);
    float[] expected = alone.get();
    ExecutorService two = Executors.newFixedThreadPool(2);
    try {
      List<Future<float[]>> runs = List.of(two.submit(alone::get), two.submit(alone::get));
      for (Future<float[]> run : runs) {
        assertThat(run.get(60, TimeUnit.SECONDS)).containsExactly(expected);
      }
    } finally {
      two.shutdownNow();
    }
  }

  private static float[] train(long seed) {
    try (Parameter w = Parameter.of("w", Rng.of(seed).gaussians(16, 1), 4, 4)) {
      w.setTrainable(true);
      for (int step = 0; step < 100; step++) {
        float[] x = Rng.of(seed).split(step).gaussians(12, 1);
        Scope.run(
            "step",
            () -> {
              w.zeroGradient();
              Autograd.backward(
                  Autograd.record(
                      () -> Tensors.of(x, 3, 4).matMul(w.value()).tanh().square().mean()));
              w.assign(w.value().sub(w.gradient().orElseThrow().mul(0.1)));
            });
      }
      return w.toFloats();
    }
  }

  @Test
  void a_step_with_zero_gradients_works() {
    try (Parameter p = trainable("p", 1, 2)) {
      Scope.run(
          "step",
          () -> {
            assertThat(p.gradient()).isEmpty();
            Autograd.backward(Autograd.record(() -> p.value().mul(0).sum()));
            assertThat(gradient(p)).containsExactly(0, 0);
            p.assign(p.value().sub(p.gradient().orElseThrow()));
          });
      assertThat(p.toFloats()).containsExactly(1, 2);
    }
  }

  @Test
  void gradients_accumulate_until_they_are_zeroed() {
    try (Parameter p = trainable("p", 1, 2)) {
      Scope.run(
          "steps",
          () -> {
            Autograd.backward(Autograd.record(() -> p.value().mul(2).sum()));
            Autograd.backward(Autograd.record(() -> p.value().mul(3).sum()));
            assertThat(gradient(p)).containsExactly(5, 5);
            p.zeroGradient();
            assertThat(gradient(p)).containsExactly(0, 0);
          });
    }
  }

  // ---- stages ----------------------------------------------------------------------------------

  @Test
  void a_staged_chunked_head_equals_the_plain_one() {
    long[] y = {3, 0, 6, 2, 2};
    try (Parameter h = Parameter.of("h", Rng.of(1).gaussians(20, 1), 5, 4);
        Parameter w = Parameter.of("w", Rng.of(2).gaussians(28, 1), 7, 4)) {
      h.setTrainable(true);
      w.setTrainable(true);
      List<float[]> plain =
          gradients(
              h,
              w,
              () ->
                  Kernels.builtin()
                      .call(
                          "head_log_probs",
                          hidden(h),
                          w.value(),
                          Tensors.of(y),
                          Tensors.of(new double[] {1, 0})));
      // The hidden states are born in a scope that has ended when the continuation runs.
      List<float[]> staged =
          gradients(
              h,
              w,
              () ->
                  Scope.run(
                      "head", () -> StagedHead.logProbs(hidden(h), w.value(), Tensors.of(y), 2)));
      for (int i = 0; i < 3; i++) {
        assertThat(staged.get(i)).containsExactly(plain.get(i), within(1e-6f));
      }
    }
  }

  private static Tensor hidden(Parameter h) {
    return h.value().tanh().mul(1.5);
  }

  /** Values, and the gradients of a weighted sum. */
  private static List<float[]> gradients(Parameter a, Parameter b, Supplier<Tensor> f) {
    return Scope.run(
        "gradients",
        () -> {
          a.zeroGradient();
          b.zeroGradient();
          return Autograd.record(
              () -> {
                Tensor out = f.get();
                float[] weights = Rng.of(9).gaussians((int) out.shape().size(), 1);
                Autograd.backward(out.mul(Tensors.of(weights, out.shape().dims())).sum());
                return List.of(out.toFloats(), gradient(a), gradient(b));
              });
        });
  }

  private static Tensor block(Tensor x, Tensor w) {
    return x.matMul(w).gelu().add(x);
  }

  /** Activation checkpointing as a model would write it. */
  private static Tensor recomputed(Tensor x, Tensor w) {
    Tensor out = Autograd.off(() -> Scope.run("block", () -> block(x, w)));
    return Autograd.stage(
        out,
        List.of(x),
        g -> {
          try (Parameter input = Parameter.of("input", x)) {
            input.setTrainable(true);
            Autograd.backward(List.of(Autograd.record(() -> block(input.value(), w))), List.of(g));
            if (x.requiresGradient()) {
              Autograd.backward(List.of(x), List.of(input.gradient().orElseThrow()));
            }
          }
        });
  }

  @Test
  void recomputed_blocks_equal_plain_ones() {
    try (Parameter x = Parameter.of("x", Rng.of(3).gaussians(12, 1), 3, 4);
        Parameter w = Parameter.of("w", Rng.of(4).gaussians(16, 0.5), 4, 4)) {
      x.setTrainable(true);
      w.setTrainable(true);
      List<float[]> plain =
          gradients(x, w, () -> block(block(block(x.value(), w.value()), w.value()), w.value()));
      List<float[]> staged =
          gradients(
              x,
              w,
              () ->
                  Scope.run(
                      "model",
                      () ->
                          recomputed(
                              recomputed(recomputed(x.value(), w.value()), w.value()), w.value())));
      for (int i = 0; i < 3; i++) {
        assertThat(staged.get(i)).containsExactly(plain.get(i), within(1e-5f));
      }
    }
  }

  @Test
  void stages_continue_last_first_and_unreached_ones_are_skipped() {
    try (Parameter p = trainable("p", 1)) {
      List<String> order = new ArrayList<>();
      AtomicBoolean reached = new AtomicBoolean();
      Scope.run(
          "step",
          () ->
              Autograd.record(
                  () -> {
                    Tensor a = p.value().mul(2);
                    Tensor first =
                        Autograd.stage(
                            a,
                            List.of(a),
                            g -> {
                              order.add("first");
                              Autograd.backward(List.of(a), List.of(g));
                            });
                    Tensor b = first.mul(3);
                    Tensor second =
                        Autograd.stage(
                            b,
                            List.of(b),
                            g -> {
                              order.add("second");
                              Autograd.backward(List.of(b), List.of(g));
                            });
                    Autograd.stage(a, List.of(a), g -> reached.set(true));
                    Autograd.backward(second.mul(5).sum());
                    assertThat(gradient(p)).containsExactly(30);
                    return 0;
                  }));
      assertThat(order).containsExactly("second", "first");
      assertThat(reached).isFalse();
    }
  }

  @Test
  void outputs_that_share_a_graph_go_back_together() {
    try (Parameter p = trainable("p", 1, 2)) {
      Scope.run(
          "step",
          () ->
              Autograd.record(
                  () -> {
                    Tensor shared = p.value().exp();
                    Tensor a = shared.mul(2);
                    Tensor b = shared.square();
                    Autograd.backward(List.of(a, b), List.of(Tensors.ones(2), Tensors.ones(2)));
                    float e = (float) Math.E;
                    assertThat(gradient(p))
                        .containsExactly(
                            new float[] {2 * e + 2 * e * e, 2 * e * e + 2 * e * e * e * e},
                            within(1e-3f));
                    return 0;
                  }));
    }
  }

  // ---- mapped pages ----------------------------------------------------------------------------

  @Test
  void a_mapped_parameter_becomes_private_before_it_is_written() {
    ByteBuffer pages =
        ByteBuffer.allocateDirect(8).order(ByteOrder.LITTLE_ENDIAN).putFloat(1).putFloat(2).flip();
    try (Parameter p = Parameter.mapped("p", pages, DType.F32, Shape.of(2))) {
      assertThat(p.toFloats()).containsExactly(1, 2);
      pages.putFloat(0, 7);
      assertThat(p.toFloats()).as("still the file's pages").containsExactly(7, 2);
      p.assign(new float[] {3, 4});
      assertThat(p.toFloats()).containsExactly(3, 4);
      assertThat(pages.getFloat(0)).as("the file's page").isEqualTo(7);
    }
    try (Parameter p = Parameter.mapped("p", pages, DType.F32, Shape.of(2))) {
      p.setTrainable(true);
      Scope.run("write", () -> p.assign(p.value().mul(10)));
      assertThat(p.toFloats()).containsExactly(70, 20);
      assertThat(pages.getFloat(0)).isEqualTo(7);
    }
  }

  @Test
  void a_mapped_parameter_survives_collections_of_the_buffer() {
    try (Parameter p = mapped()) {
      collectGarbage();
      collectGarbage();
      float[] expected = new float[1000];
      Arrays.fill(expected, 1.5f);
      assertThat(p.toFloats()).containsExactly(expected);
    }
  }

  private static Parameter mapped() {
    ByteBuffer pages = ByteBuffer.allocateDirect(4000).order(ByteOrder.LITTLE_ENDIAN);
    while (pages.hasRemaining()) {
      pages.putFloat(1.5f);
    }
    return Parameter.mapped("p", pages.flip(), DType.F32, Shape.of(1000));
  }
}
