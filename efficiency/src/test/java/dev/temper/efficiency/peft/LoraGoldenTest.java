package dev.temper.efficiency.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.model.CausalLm;
import dev.temper.model.Golden;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters saved by peft: the same logits, merged weights, gradients and files. */
class LoraGoldenTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "lora_default_targets",
        "lora_rank_alpha_pattern",
        "lora_rslora_patterns",
        "lora_all_linear"
      })
  void outputs_and_merged_weights_equal_peft(String name) {
    JsonNode golden = PeftGolden.of(name);
    JsonNode base = PeftGolden.of("base_llama");
    try (CausalLm model = PeftGolden.base()) {
      PeftGolden.assertLogits(model, base, base.at("/expected/logits"));
      try (LinearAdapter adapter =
          (LinearAdapter) Adapters.load(model, PeftGolden.directory(name))) {
        assertThat(adapter.layers())
            .extracting(l -> l.linear().name())
            .containsExactlyInAnyOrderElementsOf(strings(golden.at("/expected/targeted_modules")));
        for (LayerAdapter layer : adapter.layers()) {
          double scale = golden.at("/expected/scaling").get(layer.linear().name()).doubleValue();
          assertThat(((LoraLayer) layer).scale()).isCloseTo(scale, within(1e-12));
        }
        assertThat(adapter.parameters().stream().mapToLong(Parameter::size).sum())
            .isEqualTo(golden.at("/expected/trainable_parameters").longValue());
        PeftGolden.assertLogits(model, golden, golden.at("/expected/logits_adapted"));
        adapter.disable();
        PeftGolden.assertLogits(model, base, base.at("/expected/logits"));
        adapter.enable();
        adapter.merge();
        PeftGolden.assertLogits(model, golden, golden.at("/expected/merge/logits_merged"));
        for (Map.Entry<String, JsonNode> e :
            golden.at("/expected/merge/changed_tensors").properties()) {
          compare(e.getKey(), find(model.parameters(), e.getKey()).toFloats(), e.getValue(), 2e-6);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lora_default_targets",
        "lora_rank_alpha_pattern",
        "lora_rslora_patterns",
        "lora_all_linear"
      })
  void one_training_step_equals_peft(String name) {
    JsonNode step = PeftGolden.of(name).at("/expected/sft_step");
    int[] ids = Golden.ints(step.get("ids"));
    int masked = step.get("masked").intValue();
    try (CausalLm model = PeftGolden.base();
        Adapter adapter = Adapters.load(model, PeftGolden.directory(name))) {
      assertThat(PeftGolden.backward(model, ids, masked))
          .isCloseTo(step.get("loss").doubleValue(), within(2e-5));
      assertThat(step.get("grads").size()).isEqualTo(adapter.parameters().size());
      for (Map.Entry<String, JsonNode> e : step.get("grads").properties()) {
        Parameter p = find(adapter.parameters(), e.getKey());
        compare(
            p.name(),
            Scope.run("gradient", () -> p.gradient().orElseThrow().toFloats()),
            e.getValue(),
            1e-4);
      }
      PeftGolden.sgd(adapter.parameters(), step.get("sgd_lr").doubleValue());
      assertThat(PeftGolden.backward(model, ids, masked))
          .isCloseTo(step.get("loss_after_sgd").doubleValue(), within(1e-4));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lora_default_targets",
        "lora_rank_alpha_pattern",
        "lora_rslora_patterns",
        "lora_all_linear"
      })
  void saved_files_equal_those_of_peft(String name, @TempDir Path dir) throws IOException {
    Path theirs = PeftGolden.directory(name);
    try (CausalLm model = PeftGolden.base();
        Adapter adapter = Adapters.load(model, theirs)) {
      adapter.save(dir);
      ObjectNode ours = config(dir);
      assertThat(ours.get("base_model_name_or_path").textValue())
          .isEqualTo(model.source().toString());
      assertThat(comparable(ours)).isEqualTo(comparable(config(theirs)));
      assertThat(ours.propertyStream().map(Map.Entry::getKey).toList()).isSorted();
    }
    assertThat(Files.readAllBytes(dir.resolve("adapter_model.safetensors")))
        .isEqualTo(Files.readAllBytes(theirs.resolve("adapter_model.safetensors")));
  }

  private static ObjectNode config(Path dir) throws IOException {
    return (ObjectNode) new ObjectMapper().readTree(dir.resolve("adapter_config.json").toFile());
  }

  /**
   * Without the base's path, and with the target modules, which peft writes in any order, sorted.
   */
  private static ObjectNode comparable(ObjectNode config) {
    ObjectNode out = config.deepCopy();
    out.remove("base_model_name_or_path");
    out.set(
        "target_modules",
        PeftConfig.list(new TreeSet<>(strings(config.get("target_modules"))).stream().toList()));
    return out;
  }

  private static List<String> strings(JsonNode array) {
    return array.valueStream().map(JsonNode::textValue).toList();
  }

  private static Parameter find(List<Parameter> parameters, String name) {
    return parameters.stream()
        .filter(p -> p.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError(name));
  }

  private static void compare(String name, float[] ours, JsonNode expected, double tolerance) {
    double l2 = 0;
    for (float x : ours) {
      l2 += (double) x * x;
    }
    double theirs = expected.get("l2").doubleValue();
    assertThat(Math.sqrt(l2)).as(name).isCloseTo(theirs, within(Math.max(1e-6, 2e-5 * theirs)));
    int[] index = Golden.ints(expected.at("/entries/index"));
    double[] value = Golden.doubles(expected.at("/entries/value"));
    assertThat(Arrays.stream(index).max().orElseThrow()).isLessThan(ours.length);
    for (int i = 0; i < index.length; i++) {
      assertThat((double) ours[index[i]])
          .as("%s[%d]", name, index[i])
          .isCloseTo(value[i], within(tolerance));
    }
  }
}
