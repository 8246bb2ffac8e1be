package dev.temper.efficiency.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import dev.temper.checkpoint.Checkpoint;
import dev.temper.checkpoint.CheckpointWriter;
import dev.temper.checkpoint.StoredType;
import dev.temper.checkpoint.TensorSource;
import dev.temper.model.CausalLm;
import dev.temper.tensor.Census;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files that cannot be used give one clear error and leave the model as it was. */
class LoraFilesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path dir;

  @BeforeEach
  void copyOfAGoodAdapter() throws IOException {
    for (String name : List.of(PeftConfig.FILE, PeftConfig.WEIGHTS)) {
      Files.copy(PeftGolden.directory("lora_default_targets").resolve(name), dir.resolve(name));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "use_dora | true",
        "bias | \"all\"",
        "modules_to_save | [\"lm_head\"]",
        "lora_bias | true",
        "layers_to_transform | [1]",
        "layer_replication | [[0,1],[0,1]]",
        "target_parameters | [\"mlp.experts\"]",
        "init_lora_weights | \"pissa\"",
        "init_lora_weights | \"olora\"",
        "peft_type | \"IA3\"",
        "peft_type | null",
        "r | 0",
        "r | \"4\"",
        "lora_alpha | \"8\"",
        "use_rslora | \"yes\"",
        "target_modules | null",
        "target_modules | [1]",
        "target_modules | \"(\"",
        "target_modules | {\"a\": 1}",
        "rank_pattern | {\"q_proj\": -1}",
      })
  void names_the_key_it_cannot_use(String key, String value) throws IOException {
    edit(c -> c.set(key, json(value)));
    assertRejected(key);
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new IllegalArgumentException(text, e);
    }
  }

  private void edit(Consumer<ObjectNode> change) throws IOException {
    ObjectNode config = PeftConfig.read(dir.resolve(PeftConfig.FILE));
    change.accept(config);
    Files.writeString(dir.resolve(PeftConfig.FILE), config.toString());
  }

  private void assertRejected(String... parts) {
    try (CausalLm model = PeftGolden.base()) {
      float[] before = PeftGolden.logits(model, PeftGolden.PROMPT);
      int arrays = Census.liveArrays();
      assertThatThrownBy(() -> Adapters.load(model, dir))
          .isInstanceOf(UserException.class)
          .hasMessageContainingAll(parts);
      assertThat(Census.liveArrays()).isEqualTo(arrays);
      assertThat(PeftGolden.logits(model, PeftGolden.PROMPT)).isEqualTo(before);
    }
  }

  @Test
  void names_the_tensor_whose_shape_does_not_fit_the_rank() throws IOException {
    edit(c -> c.put("r", 5));
    assertRejected("layers.0.self_attn.q_proj.lora_A.weight", "[4, 48]", "[5, 48]");
  }

  @Test
  void names_a_tensor_that_is_missing_or_belongs_nowhere() throws IOException {
    edit(c -> c.set("target_modules", PeftConfig.list(List.of("q_proj", "v_proj", "o_proj"))));
    assertRejected("layers.0.self_attn.o_proj.lora_A.weight", "missing");
    edit(c -> c.set("target_modules", PeftConfig.list(List.of("q_proj"))));
    assertRejected("self_attn.v_proj.lora_A.weight", "no targeted linear layer");
  }

  @Test
  void says_what_is_missing_or_broken() throws IOException {
    Files.writeString(dir.resolve(PeftConfig.FILE), "{\"r\": ");
    assertRejected(PeftConfig.FILE, "not valid JSON");
    Files.delete(dir.resolve(PeftConfig.FILE));
    assertRejected(PeftConfig.FILE, "missing");
    copyOfConfig();
    Files.move(dir.resolve(PeftConfig.WEIGHTS), dir.resolve("adapter_model.bin"));
    assertRejected(PeftConfig.WEIGHTS, "pickle");
  }

  private void copyOfConfig() throws IOException {
    Files.copy(
        PeftGolden.directory("lora_default_targets").resolve(PeftConfig.FILE),
        dir.resolve(PeftConfig.FILE));
  }

  @Test
  void reads_keys_that_carry_the_adapters_name() {
    rename(n -> n.replace(".weight", ".default.weight"));
    try (CausalLm model = PeftGolden.base();
        Adapter adapter = Adapters.load(model, dir)) {
      assertThat(adapter.parameters().get(0).name())
          .isEqualTo("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight");
    }
  }

  private void rename(UnaryOperator<String> names) {
    Path file = dir.resolve(PeftConfig.WEIGHTS);
    Checkpoint old = Checkpoint.open(file);
    List<TensorSource> tensors =
        old.names().stream()
            .map(
                n -> {
                  float[] values = old.floats(n);
                  return TensorSource.floats(
                      names.apply(n), StoredType.F32, old.info(n).dims(), () -> values);
                })
            .toList();
    CheckpointWriter.writeFile(file, tensors);
  }

  @Test
  void writes_targets_without_a_form_in_peft_as_full_paths() throws IOException {
    try (CausalLm model = PeftGolden.base()) {
      assertThat(written(model, Targets.roles(Role.MLP)).get("target_modules"))
          .contains(json("\"model.layers.0.mlp.gate_proj\""))
          .hasSize(6);
      assertThat(written(model, Targets.regex(".*q_proj")).get("target_modules"))
          .isEqualTo(json("\".*q_proj\""));
      ObjectNode excluding =
          written(
              model, Targets.suffixes("q_proj", "v_proj").excluding("layers.0.self_attn.v_proj"));
      assertThat(excluding.get("target_modules")).isEqualTo(json("[\"q_proj\", \"v_proj\"]"));
      assertThat(excluding.get("exclude_modules"))
          .isEqualTo(json("[\"layers.0.self_attn.v_proj\"]"));
      try (LinearAdapter again = (LinearAdapter) Adapters.load(model, dir)) {
        assertThat(again.layers()).hasSize(3);
      }
    }
  }

  private ObjectNode written(CausalLm model, Targets targets) {
    try (Adapter adapter = Lora.rank(2).targets(targets).attach(model)) {
      adapter.save(dir);
    }
    return PeftConfig.read(dir.resolve(PeftConfig.FILE));
  }
}
