package dev.temper.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.temper.UserException;
import dev.temper.tensor.Census;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import dev.temper.tensor.Tensors;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The optimizers against torch's and transformers' numbers; groups; state. */
class OptimizersTest {
  private static final JsonNode GOLDEN = read();

  static Stream<JsonNode> cases() {
    return StreamSupport.stream(GOLDEN.get("cases").spliterator(), false);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void agrees_with_the_reference(JsonNode golden) {
    Optimizer.Settings settings = settings(golden);
    List<Parameter> parameters = parameters();
    try (Optimizer optimizer = settings.create(parameters)) {
      int checked = 0;
      for (int t = 0; t < GOLDEN.get("gradients").size(); t++) {
        step(optimizer, parameters, t, settings.learningRate());
        for (JsonNode expected : golden.get("trace")) {
          if (expected.get("step").intValue() == t + 1) {
            checked++;
            parameters.forEach(
                p ->
                    assertThat(p.toFloats())
                        .as("%s after step %s", p.name(), expected.get("step"))
                        .containsExactly(
                            floats(expected.get("values").get(p.name())),
                            org.assertj.core.data.Offset.offset(2e-6f)));
          }
        }
      }
      assertThat(checked).isEqualTo(3);
    } finally {
      parameters.forEach(Parameter::close);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void goes_on_from_its_state_as_if_it_had_not_stopped(JsonNode golden) {
    Optimizer.Settings settings = settings(golden);
    List<Parameter> straight = parameters();
    List<Parameter> first = parameters();
    List<Parameter> second = parameters();
    try (Optimizer whole = settings.create(straight);
        Optimizer before = settings.create(first);
        Optimizer after = settings.create(second)) {
      for (int t = 0; t < 6; t++) {
        step(whole, straight, t, settings.learningRate());
      }
      for (int t = 0; t < 3; t++) {
        step(before, first, t, settings.learningRate());
      }
      copy(first, second);
      copy(before.state(), after.state());
      after.resume(before.steps());
      for (int t = 3; t < 6; t++) {
        step(after, second, t, settings.learningRate());
      }
      assertThat(after.steps()).isEqualTo(6);
      for (int i = 0; i < straight.size(); i++) {
        assertThat(second.get(i).toFloats()).isEqualTo(straight.get(i).toFloats());
      }
    } finally {
      Stream.of(straight, first, second).flatMap(List::stream).forEach(Parameter::close);
    }
  }

  @Test
  void nothing_is_left_when_an_optimizer_is_closed() {
    int before = Census.liveArrays();
    for (JsonNode golden : GOLDEN.get("cases")) {
      List<Parameter> parameters = parameters();
      try (Optimizer optimizer = settings(golden).create(parameters)) {
        step(optimizer, parameters, 0, 0.1);
      }
      parameters.forEach(Parameter::close);
    }
    assertThat(Census.liveArrays()).isEqualTo(before);
  }

  @Test
  void a_group_has_its_own_rate_and_the_rest_the_base_s() {
    List<Parameter> grouped = parameters();
    List<Parameter> alone = parameters();
    ParameterGroups groups =
        ParameterGroups.of(Sgd.learningRate(0.1))
            .named("mat.*", Sgd.learningRate(0.4))
            .named("cube", Lion.learningRate(0.2).weightDecay(0.1));
    try (Optimizer together = groups.create(grouped);
        Optimizer matrix = Sgd.learningRate(0.4).create(alone.subList(0, 1));
        Optimizer vector = Sgd.learningRate(0.1).create(alone.subList(1, 2));
        Optimizer cube = Lion.learningRate(0.2).weightDecay(0.1).create(alone.subList(2, 3))) {
      for (int t = 0; t < 3; t++) {
        double factor = 1 - 0.25 * t; // what a schedule does to all of them
        step(together, grouped, t, groups.learningRate() * factor);
        step(matrix, alone.subList(0, 1), t, 0.4 * factor);
        step(vector, alone.subList(1, 2), t, 0.1 * factor);
        step(cube, alone.subList(2, 3), t, 0.2 * factor);
      }
      assertThat(together.steps()).isEqualTo(3);
      assertThat(together.state()).extracting(Parameter::name).containsExactly("cube.exp_avg");
      for (int i = 0; i < grouped.size(); i++) {
        assertThat(grouped.get(i).toFloats()).isEqualTo(alone.get(i).toFloats());
      }
    } finally {
      Stream.of(grouped, alone).flatMap(List::stream).forEach(Parameter::close);
    }
  }

  @Test
  void a_group_without_parameters_is_refused() {
    List<Parameter> parameters = parameters();
    assertThatThrownBy(
            () ->
                ParameterGroups.of(AdamW.learningRate(1e-3))
                    .named("matrices", AdamW.learningRate(1e-2))
                    .create(parameters))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("'matrices'")
        .hasMessageContaining("matrix");
    parameters.forEach(Parameter::close);
  }

  @Test
  void biases_and_norms_are_spared_by_their_names() {
    assertThat(
            Stream.of(
                "model.layers.0.input_layernorm.weight",
                "model.norm.weight",
                "model.layers.0.self_attn.q_norm.weight",
                "model.layers.0.self_attn.q_proj.bias",
                "transformer.h.0.ln_1.weight",
                "transformer.ln_f.weight"))
        .noneMatch(WeightDecay::decays);
    assertThat(
            Stream.of(
                "model.embed_tokens.weight",
                "lm_head.weight",
                "model.layers.0.self_attn.q_proj.weight",
                "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight",
                "model.layers.0.mlp.ia3_l",
                "model.normalizer.weight"))
        .allMatch(WeightDecay::decays);
  }

  @Test
  void settings_out_of_range_are_refused() {
    assertThatThrownBy(() -> Sgd.learningRate(0)).hasMessageContaining("learningRate = 0.0");
    assertThatThrownBy(() -> Sgd.learningRate(1).withNesterov()).hasMessageContaining("Nesterov");
    assertThatThrownBy(() -> Lion.learningRate(1).betas(1, 0.9)).hasMessageContaining("beta1 = 1");
    assertThatThrownBy(() -> Adafactor.relativeStep().firstMoment(1.5))
        .hasMessageContaining("beta1 = 1.5");
    assertThatThrownBy(() -> Adafactor.learningRate(1).weightDecay(-1))
        .hasMessageContaining("weightDecay = -1");
  }

  private static void step(
      Optimizer optimizer, List<Parameter> parameters, int t, double learningRate) {
    Scope.run(
        "step",
        () -> {
          for (Parameter p : parameters) {
            p.zeroGradient();
            p.addGradient(
                Tensors.of(floats(GOLDEN.get("gradients").get(t).get(p.name())), p.shape().dims()));
          }
          optimizer.step(learningRate);
        });
  }

  private static void copy(List<Parameter> from, List<Parameter> to) {
    for (int i = 0; i < from.size(); i++) {
      to.get(i).assign(from.get(i).toFloats());
    }
  }

  private static List<Parameter> parameters() {
    List<Parameter> out = new ArrayList<>();
    GOLDEN
        .get("initial")
        .properties()
        .forEach(
            e -> {
              long[] shape =
                  StreamSupport.stream(e.getValue().get("shape").spliterator(), false)
                      .mapToLong(JsonNode::longValue)
                      .toArray();
              Parameter p = Parameter.of(e.getKey(), floats(e.getValue().get("values")), shape);
              p.setTrainable(true);
              out.add(p);
            });
    return out;
  }

  private static Optimizer.Settings settings(JsonNode golden) {
    JsonNode s = golden.get("settings");
    double rate = s.get("lr").asDouble();
    double decay = s.get("weight_decay").doubleValue();
    return switch (golden.get("optimizer").asText()) {
      case "sgd" ->
          new Sgd(rate, s.get("momentum").doubleValue(), s.get("nesterov").asBoolean(), decay);
      case "lion" ->
          new Lion(rate, s.get("beta1").doubleValue(), s.get("beta2").doubleValue(), decay);
      default -> adafactor(s).weightDecay(decay);
    };
  }

  private static Adafactor adafactor(JsonNode s) {
    Adafactor a = Adafactor.learningRate(s.get("lr").isNull() ? 1 : s.get("lr").doubleValue());
    a = s.get("scale_parameter").asBoolean() ? a.scaled() : a;
    a = s.get("beta1").isNull() ? a : a.firstMoment(s.get("beta1").doubleValue());
    return !s.get("relative_step").asBoolean()
        ? a
        : a.relative(
            s.get("warmup_init").asBoolean()
                ? Adafactor.Relative.STEP_WITH_WARMUP
                : Adafactor.Relative.STEP);
  }

  private static float[] floats(JsonNode values) {
    float[] out = new float[values.size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = values.get(i).floatValue();
    }
    return out;
  }

  private static JsonNode read() {
    try (InputStream in =
        new GZIPInputStream(
            Objects.requireNonNull(
                OptimizersTest.class.getResourceAsStream("/golden/train/optimizers.json.gz")))) {
      return new ObjectMapper().readTree(in);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
