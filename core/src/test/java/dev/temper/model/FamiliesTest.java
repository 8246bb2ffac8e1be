package dev.temper.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.UserException;
import dev.temper.checkpoint.Checkpoint;
import dev.temper.checkpoint.CheckpointWriter;
import dev.temper.checkpoint.TensorSource;
import dev.temper.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FamiliesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path temp;

  private Path copyWith(String model, String key, Object value) throws IOException {
    Path dir = Golden.model(model);
    Files.copy(dir.resolve("model.safetensors"), temp.resolve("model.safetensors"));
    ObjectNode config = (ObjectNode) JSON.readTree(dir.resolve("config.json").toFile());
    config.set(key, JSON.valueToTree(value));
    Files.writeString(temp.resolve("config.json"), config.toString());
    return temp;
  }

  @Test
  void a_family_of_ones_own_is_found_until_it_is_unregistered() throws IOException {
    Path dir = copyWith("llama2", "model_type", "our_llama");
    assertThatThrownBy(() -> CausalLm.load(dir))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("model_type 'our_llama' is not supported; supported are")
        .hasMessageContaining("gemma2");
    Family llama =
        Families.of(new ModelConfig(JSON.createObjectNode().put("model_type", "llama"), dir));
    Families.register(new Family("our_llama", llama.spec(), llama.names()));
    try (CausalLm model = CausalLm.load(dir)) {
      assertThat(model.family().type()).isEqualTo("our_llama");
    } finally {
      assertThat(Families.unregister("our_llama")).isTrue();
    }
    assertThat(Families.types()).doesNotContain("our_llama").contains("llama", "qwen3_moe");
  }

  @Test
  void a_second_family_of_the_same_type_is_refused() {
    assertThatThrownBy(
            () ->
                Families.register(
                    new Family(
                        "llama",
                        c -> {
                          throw c.error("never asked");
                        },
                        Names.llama())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'llama' is registered already");
  }

  @Test
  void files_of_a_bare_body_load_and_keep_their_names() {
    Path whole = Golden.model("gpt2");
    Checkpoint before = Checkpoint.open(whole);
    List<TensorSource> tensors = new ArrayList<>();
    for (String name : before.names()) {
      tensors.add(
          TensorSource.floats(
              name.substring("transformer.".length()),
              before.info(name).type(),
              before.info(name).dims(),
              () -> before.floats(name)));
    }
    CheckpointWriter.writeFile(temp.resolve("model.safetensors"), tensors);
    try {
      Files.copy(whole.resolve("config.json"), temp.resolve("config.json"));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    try (CausalLm bare = CausalLm.load(temp);
        CausalLm model = CausalLm.load(whole)) {
      TokenBatch batch = TokenBatch.of(List.of(new int[] {4, 8, 15, 16, 23, 42}));
      float[] expected = Scope.run("whole", () -> model.hidden(batch).toFloats());
      assertThat(Scope.<float[]>run("bare", () -> bare.hidden(batch).toFloats()))
          .isEqualTo(expected);
      // Adapters go by the names of the modules, which have the prefix.
      assertThat(bare.linears().get(0).name()).isEqualTo("transformer.h.0.attn.c_attn");
      Path again = temp.resolve("again");
      bare.save(again);
      assertThat(Checkpoint.open(again).names())
          .isEqualTo(Checkpoint.open(temp.resolve("model.safetensors")).names());
    }
  }

  @Test
  void configs_that_make_no_sense_name_file_and_key() throws IOException {
    Path dir = copyWith("llama2", "num_hidden_layers", 2_000_000_000);
    assertThatThrownBy(() -> CausalLm.load(dir))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("config.json: 'num_hidden_layers' is 2000000000; at most 10000");
    rewrite(dir, "num_hidden_layers", "two");
    assertThatThrownBy(() -> CausalLm.load(dir))
        .hasMessageContaining(
            "needs the key 'num_hidden_layers' as a positive integer, not \"two\"");
    rewrite(dir, "num_hidden_layers", 2);
    rewrite(dir, "hidden_act", "mish");
    assertThatThrownBy(() -> CausalLm.load(dir)).hasMessageContaining("hidden_act 'mish'");
    rewrite(dir, "hidden_act", "silu");
    rewrite(dir, "num_key_value_heads", 3);
    assertThatThrownBy(() -> CausalLm.load(dir))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("cannot share 3 key-value heads evenly");
  }

  private static void rewrite(Path dir, String key, Object value) throws IOException {
    Path file = dir.resolve("config.json");
    ObjectNode config = (ObjectNode) JSON.readTree(file.toFile());
    config.set(key, JSON.valueToTree(value));
    Files.writeString(file, config.toString());
  }

  @Test
  void a_name_map_without_a_needed_module_says_which() throws IOException {
    Path dir = copyWith("llama2", "model_type", "nameless");
    Family llama =
        Families.of(new ModelConfig(JSON.createObjectNode().put("model_type", "llama"), dir));
    Names names = Names.of("model.", "layers.{layer}.").with(Slot.TOKENS, "embed_tokens");
    Families.register(new Family("nameless", llama.spec(), names));
    try {
      assertThatThrownBy(() -> CausalLm.load(dir)).hasMessageContaining("names lack QUERY");
    } finally {
      Families.unregister("nameless");
    }
  }
}
