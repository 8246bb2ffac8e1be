package dev.temper.efficiency.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.temper.UserException;
import dev.temper.model.CausalLm;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Rng;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LoraTest extends PeftMethodContract {
  @Override
  Adapter attach(CausalLm model) {
    return Lora.rank(4)
        .alpha(6)
        .rankOf("v_proj", 3)
        .alphaOf("layers\\.1\\.mlp\\..*", 5)
        .targets(Targets.allLinear())
        .seed(1)
        .attach(model);
  }

  @Test
  void starts_with_b_zero_and_a_uniform_within_one_over_root_of_the_input_width() {
    try (CausalLm model = PeftGolden.base();
        Adapter adapter = Lora.rank(16).seed(3).attach(model)) {
      double bound = 1 / Math.sqrt(48);
      for (Parameter p : adapter.parameters()) {
        float[] values = p.toFloats();
        if (p.name().endsWith("lora_B.weight")) {
          assertThat(values).containsOnly(0f);
        } else {
          double squares = 0;
          for (float v : values) {
            assertThat(Math.abs(v)).isLessThanOrEqualTo((float) bound);
            squares += v * v;
          }
          // Uniform in ±b has variance b²/3.
          assertThat(squares / values.length)
              .isBetween(0.85 * bound * bound / 3, 1.15 * bound * bound / 3);
        }
      }
      assertThat(adapter.parameters().get(0).toFloats())
          .isNotEqualTo(adapter.parameters().get(2).toFloats());
    }
  }

  @Test
  void the_seed_decides_the_start() {
    try (CausalLm model = PeftGolden.base()) {
      assertThat(firstA(model, 1)).isEqualTo(firstA(model, 1)).isNotEqualTo(firstA(model, 2));
    }
  }

  private static float[] firstA(CausalLm model, long seed) {
    try (Adapter adapter = Lora.rank(4).seed(seed).attach(model)) {
      return adapter.parameters().get(0).toFloats();
    }
  }

  @Test
  void dropout_is_a_function_of_the_micro_batch_and_off_outside_training() {
    try (CausalLm model = PeftGolden.base();
        Adapter adapter = Lora.rank(4).dropout(0.5).attach(model)) {
      PeftGolden.disturb(adapter);
      float[] plain = PeftGolden.logits(model, PeftGolden.PROMPT);
      float[] base = adapter.disabled(() -> PeftGolden.logits(model, PeftGolden.PROMPT));
      adapter.beginMicroBatch(Rng.of(1).split(10));
      float[] first = PeftGolden.logits(model, PeftGolden.PROMPT);
      adapter.beginMicroBatch(Rng.of(1).split(11));
      float[] second = PeftGolden.logits(model, PeftGolden.PROMPT);
      adapter.beginMicroBatch(Rng.of(1).split(10));
      assertThat(PeftGolden.logits(model, PeftGolden.PROMPT))
          .isEqualTo(first)
          .isNotEqualTo(second)
          .isNotEqualTo(plain);
      assertThat(adapter.<float[]>disabled(() -> PeftGolden.logits(model, PeftGolden.PROMPT)))
          .isEqualTo(base);
      adapter.evaluationMode();
      assertThat(PeftGolden.logits(model, PeftGolden.PROMPT)).isEqualTo(plain);
    }
  }

  @Test
  void dropout_keeps_the_expected_output() {
    try (CausalLm model = PeftGolden.base();
        LinearAdapter adapter =
            Lora.rank(4)
                .dropout(0.3)
                .targets(Targets.suffixes("layers.0.self_attn.q_proj"))
                .attach(model)) {
      PeftGolden.disturb(adapter);
      LayerAdapter layer = adapter.layers().get(0);
      float[] x = Rng.of(5).gaussians(48, 1);
      float[] expected = once(layer, x, null);
      double[] mean = new double[expected.length];
      int draws = 4000;
      for (int i = 0; i < draws; i++) {
        float[] y = once(layer, x, Rng.of(9).split(i));
        for (int k = 0; k < mean.length; k++) {
          mean[k] += y[k] / draws;
        }
      }
      double error = 0;
      double size = 0;
      for (int k = 0; k < mean.length; k++) {
        error += Math.pow(mean[k] - expected[k], 2);
        size += Math.pow(expected[k], 2);
      }
      assertThat(Math.sqrt(error / size)).isLessThan(0.05);
    }
  }

  private static float[] once(LayerAdapter layer, float[] x, @Nullable Rng rng) {
    // A base of zeros leaves the adapter's own part.
    return Scope.run(
        "layer",
        () ->
            layer
                .forward(
                    in -> Tensors.zeros(1, layer.linear().outputs()),
                    Tensors.of(x, 1, x.length),
                    rng)
                .toFloats());
  }

  @Test
  void adapters_stack_and_come_off_in_reverse_order() {
    try (CausalLm model = PeftGolden.base();
        Adapter lower = Lora.rank(2).seed(1).attach(model)) {
      PeftGolden.disturb(lower);
      float[] one = PeftGolden.logits(model, PeftGolden.PROMPT);
      try (Adapter upper = Lora.rank(3).seed(2).attach(model)) {
        PeftGolden.disturb(upper);
        assertThat(PeftGolden.logits(model, PeftGolden.PROMPT)).isNotEqualTo(one);
        assertThatThrownBy(lower::detach)
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("attached on top");
      }
      assertThat(PeftGolden.logits(model, PeftGolden.PROMPT)).isEqualTo(one);
    }
  }

  @Test
  void a_merged_adapter_refuses_training() {
    try (CausalLm model = PeftGolden.base();
        Adapter adapter = Lora.defaults().attach(model)) {
      adapter.merge();
      assertThatThrownBy(() -> adapter.beginMicroBatch(Rng.of(1)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("unmerge()");
    }
  }

  @Test
  void rejects_settings_out_of_range_naming_them() {
    assertThatThrownBy(() -> Lora.rank(0))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("rank: 0");
    assertThatThrownBy(() -> Lora.rank(4).alpha(0))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("alpha: 0.0");
    assertThatThrownBy(() -> Lora.rank(4).alpha(Double.NaN))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("alpha: NaN");
    assertThatThrownBy(() -> Lora.rank(4).dropout(1))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("dropout: 1.0");
    assertThatThrownBy(() -> Lora.rank(4).rankOf("q_proj", -1))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("rankPattern 'q_proj'");
    assertThatThrownBy(() -> Lora.rank(4).alphaOf("(", 1))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("alphaPattern: '('");
  }

  @Test
  void learns_a_sequence_by_heart() {
    double[] losses = train(25, 0.1);
    assertThat(losses[0]).isGreaterThan(4);
    assertThat(losses[25]).isLessThan(0.1);
  }

  /** Otherwise the test above would show nothing. */
  @Test
  void does_not_learn_with_the_sign_of_the_step_flipped() {
    double[] losses = train(3, -0.1);
    assertThat(losses[3]).isGreaterThan(losses[0]);
  }

  /** The loss before each step, and after the last. */
  private static double[] train(int steps, double rate) {
    try (CausalLm model = PeftGolden.base();
        Adapter adapter =
            Lora.rank(4)
                .alpha(8)
                .targets(Targets.suffixes("v_proj", "down_proj"))
                .seed(1)
                .attach(model)) {
      double[] losses = new double[steps + 1];
      for (int i = 0; i < steps; i++) {
        losses[i] = PeftGolden.backward(model, PeftGolden.PROMPT, 0);
        PeftGolden.sgd(adapter.parameters(), rate);
      }
      losses[steps] = PeftGolden.backward(model, PeftGolden.PROMPT, 0);
      return losses;
    }
  }
}
