package dev.temper.efficiency.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.temper.model.CausalLm;
import dev.temper.tensor.Census;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every PEFT method promises. A method's test extends this and says how to attach it. */
abstract class PeftMethodContract {
  /** Attaches the method as a user would. */
  abstract Adapter attach(CausalLm model);

  private static Map<String, float[]> weights(CausalLm model) {
    Map<String, float[]> out = new LinkedHashMap<>();
    model.parameters().forEach(p -> out.put(p.name(), p.toFloats()));
    return out;
  }

  private static void assertClose(float[] ours, float[] expected, double tolerance) {
    assertThat(ours).hasSameSizeAs(expected);
    for (int i = 0; i < ours.length; i++) {
      assertThat(ours[i]).as("entry %d", i).isCloseTo(expected[i], within((float) tolerance));
    }
  }

  @Test
  void changes_nothing_before_training() {
    try (CausalLm model = PeftGolden.base()) {
      float[] before = PeftGolden.logits(model, PeftGolden.PROMPT);
      try (Adapter adapter = attach(model)) {
        assertThat(adapter.parameters()).isNotEmpty();
        assertClose(PeftGolden.logits(model, PeftGolden.PROMPT), before, 1e-6);
      }
    }
  }

  @Test
  void switched_off_or_detached_the_model_is_exactly_the_base() {
    try (CausalLm model = PeftGolden.base()) {
      float[] base = PeftGolden.logits(model, PeftGolden.PROMPT);
      try (Adapter adapter = attach(model)) {
        PeftGolden.disturb(adapter);
        float[] adapted = PeftGolden.logits(model, PeftGolden.PROMPT);
        assertThat(adapted).isNotEqualTo(base);
        assertThat(adapter.<float[]>disabled(() -> PeftGolden.logits(model, PeftGolden.PROMPT)))
            .isEqualTo(base);
        assertThat(PeftGolden.logits(model, PeftGolden.PROMPT)).isEqualTo(adapted);
        adapter.disable();
        assertThat(adapter.isEnabled()).isFalse();
        assertThat(PeftGolden.logits(model, PeftGolden.PROMPT)).isEqualTo(base);
        adapter.enable();
        assertThat(PeftGolden.logits(model, PeftGolden.PROMPT)).isEqualTo(adapted);
        adapter.detach();
        assertThat(PeftGolden.logits(model, PeftGolden.PROMPT)).isEqualTo(base);
      }
    }
  }

  @Test
  void is_switched_on_again_after_a_failure_in_disabled() {
    try (CausalLm model = PeftGolden.base();
        Adapter adapter = attach(model)) {
      assertThatThrownBy(
              () ->
                  adapter.<String>disabled(
                      () -> {
                        throw new IllegalArgumentException("a failure");
                      }))
          .hasMessage("a failure");
      assertThat(adapter.isEnabled()).isTrue();
    }
  }

  @Test
  void merged_equals_adapted_and_unmerged_equals_before() {
    try (CausalLm model = PeftGolden.base();
        Adapter adapter = attach(model)) {
      PeftGolden.disturb(adapter);
      Map<String, float[]> before = weights(model);
      float[] adapted = PeftGolden.logits(model, PeftGolden.PROMPT);
      adapter.merge();
      assertThat(adapter.isMerged()).isTrue();
      assertClose(PeftGolden.logits(model, PeftGolden.PROMPT), adapted, 1e-4);
      assertThatThrownBy(adapter::merge)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("merged already");
      assertThatThrownBy(adapter::disable)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("unmerge()");
      adapter.unmerge();
      weights(model)
          .forEach((name, w) -> assertClose(w, Objects.requireNonNull(before.get(name)), 1e-6));
      assertClose(PeftGolden.logits(model, PeftGolden.PROMPT), adapted, 1e-4);
      assertThatThrownBy(adapter::unmerge)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("not merged");
    }
  }

  @Test
  void merged_and_detached_the_model_saves_the_adapted_weights(@TempDir Path dir) {
    float[] adapted;
    try (CausalLm model = PeftGolden.base();
        Adapter adapter = attach(model)) {
      PeftGolden.disturb(adapter);
      adapter.merge();
      adapter.detach();
      adapted = PeftGolden.logits(model, PeftGolden.PROMPT);
      model.save(dir);
    }
    try (CausalLm saved = CausalLm.load(dir)) {
      assertThat(PeftGolden.logits(saved, PeftGolden.PROMPT)).isEqualTo(adapted);
    }
  }

  @Test
  void files_give_back_the_same_bits(@TempDir Path dir) {
    Map<String, float[]> saved = new LinkedHashMap<>();
    float[] adapted;
    try (CausalLm model = PeftGolden.base();
        Adapter adapter = attach(model)) {
      PeftGolden.disturb(adapter);
      adapted = PeftGolden.logits(model, PeftGolden.PROMPT);
      adapter.parameters().forEach(p -> saved.put(p.name(), p.toFloats()));
      adapter.save(dir);
    }
    try (CausalLm model = PeftGolden.base();
        Adapter adapter = Adapters.load(model, dir)) {
      assertThat(adapter.parameters())
          .extracting(Parameter::name)
          .containsExactlyElementsOf(saved.keySet());
      adapter
          .parameters()
          .forEach(p -> assertThat(p.toFloats()).as(p.name()).isEqualTo(saved.get(p.name())));
      assertThat(PeftGolden.logits(model, PeftGolden.PROMPT)).isEqualTo(adapted);
    }
  }

  @Test
  void gradients_reach_every_parameter_of_the_adapter_and_nothing_else() {
    try (CausalLm model = PeftGolden.base()) {
      model.trainAll();
      try (Adapter adapter = attach(model)) {
        PeftGolden.disturb(adapter);
        PeftGolden.backward(model, PeftGolden.PROMPT, 0);
        for (Parameter p : adapter.parameters()) {
          double[] g = Scope.run("gradient", () -> p.gradient().orElseThrow().toDoubles());
          assertThat(Arrays.stream(g).map(Math::abs).sum()).as(p.name()).isPositive();
        }
        assertThat(model.parameters()).noneMatch(Parameter::isTrainable);
        Scope.run(
            "gradients",
            () -> assertThat(model.parameters()).allMatch(p -> p.gradient().isEmpty()));
      }
    }
  }

  @Test
  void leaves_no_native_memory_behind(@TempDir Path dir) {
    try (CausalLm warm = PeftGolden.base()) {
      PeftGolden.logits(warm, PeftGolden.PROMPT);
    }
    int before = Census.liveArrays();
    try (CausalLm model = PeftGolden.base()) {
      try (Adapter adapter = attach(model)) {
        PeftGolden.disturb(adapter);
        PeftGolden.backward(model, PeftGolden.PROMPT, 0);
        adapter.merge();
        adapter.unmerge();
        adapter.save(dir);
      }
      try (Adapter again = Adapters.load(model, dir)) {
        PeftGolden.logits(model, PeftGolden.PROMPT);
        assertThat(again.isEnabled()).isTrue();
      }
    }
    assertThat(Census.liveArrays()).isEqualTo(before);
  }
}
