package dev.temper.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.checkpoint.Checkpoint;
import dev.temper.checkpoint.CheckpointException;
import dev.temper.checkpoint.ConfigJson;
import dev.temper.checkpoint.StoredType;
import dev.temper.checkpoint.gguf.GgufFile;
import dev.temper.checkpoint.gguf.GgufModel;
import dev.temper.checkpoint.gguf.GgufType;
import dev.temper.checkpoint.gguf.Golden;
import dev.temper.text.GgufVocabulary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelConverterTest {
  private static final Path STORIES = Path.of("../examples/models/stories260K");

  @TempDir Path dir;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama2",
        "llama_bias",
        "llama_rope_linear",
        "llama_rope_yarn",
        "llama_bf16",
        "llama_sharded",
        "qwen2",
        "qwen3",
        "phi3"
      })
  void a_directory_comes_back_from_gguf_bit_for_bit(String name) {
    Path gguf = dir.resolve(name + ".gguf");
    Path back = dir.resolve("back");
    ModelConverter.keeping().convert(Golden.model(name), gguf);
    ModelConverter.keeping().convert(gguf, back);

    Checkpoint before = Checkpoint.open(Golden.model(name));
    Checkpoint after = Checkpoint.open(back);
    assertThat(after.names()).containsExactlyInAnyOrderElementsOf(before.names());
    for (String tensor : before.names()) {
      assertThat(after.info(tensor).shape()).isEqualTo(before.info(tensor).shape());
      assertThat(after.floats(tensor)).as(tensor).isEqualTo(before.floats(tensor));
    }
    sameModel(ConfigJson.read(Golden.model(name)), ConfigJson.read(back));
  }

  private static void sameModel(JsonNode before, JsonNode after) {
    for (String key :
        List.of(
            "architectures",
            "model_type",
            "hidden_size",
            "intermediate_size",
            "num_hidden_layers",
            "num_attention_heads",
            "num_key_value_heads",
            "vocab_size",
            "max_position_embeddings",
            "rms_norm_eps",
            "tie_word_embeddings",
            "attention_bias",
            "mlp_bias",
            "attn_logit_softcapping",
            "final_logit_softcapping",
            "query_pre_attn_scalar",
            "bos_token_id",
            "eos_token_id",
            "rope_parameters")) {
      if (before.has(key)) {
        assertThat(after.get(key)).as(key).isEqualTo(before.get(key));
      }
    }
  }

  @Test
  void gemma_norms_survive_the_one_that_gguf_adds_to_them() throws IOException {
    Path changed = copy("gemma2", c -> c.put("query_pre_attn_scalar", 16));
    Path gguf = dir.resolve("g.gguf");
    Path back = dir.resolve("back");
    ModelConverter.keeping().convert(changed, gguf);
    ModelConverter.keeping().convert(gguf, back);
    Checkpoint before = Checkpoint.open(changed);
    Checkpoint after = Checkpoint.open(back);
    for (String tensor : before.names()) {
      float[] expected = before.floats(tensor);
      float[] got = after.floats(tensor);
      for (int i = 0; i < expected.length; i++) {
        assertThat(Math.abs(got[i] - expected[i]))
            .isLessThanOrEqualTo(tensor.contains("norm") ? 0x1p-23f : 0f);
      }
    }
    assertThat(GgufFile.open(gguf).floats("blk.0.attn_norm.weight")[0])
        .isEqualTo(1 + before.floats("model.layers.0.input_layernorm.weight")[0]);
    sameModel(ConfigJson.read(changed), ConfigJson.read(back));
  }

  @Test
  void what_a_gguf_file_cannot_say_is_refused() throws IOException {
    assertThatThrownBy(
            () -> ModelConverter.keeping().convert(Golden.model("gemma2"), dir.resolve("x.gguf")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("query_pre_attn_scalar is 24");
    Path dynamic = Golden.model("llama_rope_dynamic");
    assertThatThrownBy(() -> ModelConverter.keeping().convert(dynamic, dir.resolve("x.gguf")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("rope type 'dynamic'");
    Path window = copy("llama2", c -> c.put("model_type", "mistral").put("sliding_window", 8));
    assertThatThrownBy(() -> ModelConverter.keeping().convert(window, dir.resolve("x.gguf")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("sliding_window is 8");
    assertThat(dir.resolve("x.gguf")).doesNotExist();
  }

  @Test
  void the_scaling_of_llama3_becomes_a_tensor_and_comes_back() throws IOException {
    Path standard =
        copy(
            "llama3",
            c -> {
              ((ObjectNode) c.get("rope_parameters")).put("original_max_position_embeddings", 8192);
              c.put("max_position_embeddings", 131072);
            });
    Path gguf = dir.resolve("l.gguf");
    Path back = dir.resolve("back");
    ModelConverter.keeping().convert(standard, gguf);
    float[] factors = GgufFile.open(gguf).floats("rope_freqs.weight");
    assertThat(factors).hasSize(8);
    assertThat(factors[0]).isEqualTo(1);
    ModelConverter.keeping().convert(gguf, back);
    assertThat(ConfigJson.read(back).get("rope_parameters"))
        .isEqualTo(ConfigJson.read(standard).get("rope_parameters"));
  }

  @Test
  void quantized_types_round_matrices_and_leave_vectors() {
    Path gguf = dir.resolve("s.gguf");
    ModelConverter.keeping().to(ConvertType.Q4_0).convert(STORIES, gguf);
    GgufFile file = GgufFile.open(gguf);
    assertThat(file.info("blk.0.attn_q.weight").type()).isEqualTo(GgufType.Q4_0);
    assertThat(file.info("token_embd.weight").type()).isEqualTo(GgufType.Q8_0);
    assertThat(file.info("blk.0.attn_norm.weight").type()).isEqualTo(GgufType.F32);
    // Rows of 172 elements are no blocks of 32.
    assertThat(file.info("blk.0.ffn_down.weight").type()).isEqualTo(GgufType.F16);
    assertThat(file.metadata().whole("general.file_type")).hasValue(2);
    GgufModel model = GgufModel.open(gguf);
    String name = "model.layers.0.self_attn.q_proj.weight";
    float[] exact = Checkpoint.open(STORIES).floats(name);
    float[] rounded = model.checkpoint().floats(name);
    double error = 0;
    double size = 0;
    for (int i = 0; i < exact.length; i++) {
      error += Math.pow(exact[i] - rounded[i], 2);
      size += Math.pow(exact[i], 2);
    }
    assertThat(Math.sqrt(error / size)).isBetween(0.01, 0.12);
  }

  @Test
  void a_gguf_file_can_be_written_in_another_type() {
    Path file = Golden.file(dir, "tinyllm.gguf");
    Path out = dir.resolve("half.gguf");
    ModelConverter.keeping().to(ConvertType.Q8_0).convert(file, out);
    GgufModel model = GgufModel.open(out);
    assertThat(model.file().info("blk.4.attn_v.weight").type()).isEqualTo(GgufType.Q8_0);
    assertThat(GgufVocabulary.read(model.file())).isPresent();
    assertThat(model.checkpoint().floats("model.norm.weight"))
        .isEqualTo(GgufModel.open(file).checkpoint().floats("model.norm.weight"));
  }

  @Test
  void a_directory_is_written_in_another_type_and_in_shards() {
    Path out = dir.resolve("out");
    List<String> told = new ArrayList<>();
    new ModelConverter(
            ConvertType.BFLOAT16, 200_000, (done, total, name) -> told.add(done + "/" + total))
        .convert(STORIES, out);
    Checkpoint c = Checkpoint.open(out);
    assertThat(out.resolve("model.safetensors.index.json")).exists();
    assertThat(c.names()).isEqualTo(Checkpoint.open(STORIES).names());
    for (String name : c.names()) {
      assertThat(c.info(name).type()).isEqualTo(StoredType.BF16);
    }
    assertThat(
            ConfigJson.read(out)
                .path("torch_dtype")
                .asText(ConfigJson.read(out).path("dtype").asText()))
        .isEqualTo("bfloat16");
    assertThat(out.resolve("tokenizer.json"))
        .hasSameBinaryContentAs(STORIES.resolve("tokenizer.json"));
    assertThat(told).hasSize(c.names().size()).last().isEqualTo(told.size() + "/" + told.size());
  }

  @Test
  void kept_types_are_copied_byte_for_byte() {
    Path out = dir.resolve("out");
    ModelConverter.keeping().convert(Golden.model("llama_bf16"), out);
    assertThat(out.resolve("model.safetensors"))
        .hasSameBinaryContentAs(Golden.model("llama_bf16").resolve("model.safetensors"));
  }

  @Test
  void refuses_impossible_outputs() throws IOException {
    assertThatThrownBy(
            () -> ModelConverter.keeping().to(ConvertType.Q8_0).convert(STORIES, dir.resolve("d")))
        .hasMessageContaining(".gguf");
    assertThatThrownBy(
            () -> ModelConverter.keeping().convert(dir.resolve("none"), dir.resolve("d")))
        .hasMessageContaining("neither a model directory nor a GGUF file");
    Path file = Files.writeString(dir.resolve("file"), "x");
    assertThatThrownBy(() -> ModelConverter.keeping().convert(STORIES, file))
        .hasMessageContaining("is a file");
    assertThatThrownBy(() -> ModelConverter.keeping().convert(STORIES, STORIES))
        .hasMessageContaining("itself");
  }

  private Path copy(String name, java.util.function.Consumer<ObjectNode> change)
      throws IOException {
    Path to = Files.createDirectory(dir.resolve("changed"));
    Files.copy(Golden.model(name).resolve("model.safetensors"), to.resolve("model.safetensors"));
    ObjectNode config = ConfigJson.read(Golden.model(name));
    change.accept(config);
    ConfigJson.write(to, config);
    return to;
  }
}
