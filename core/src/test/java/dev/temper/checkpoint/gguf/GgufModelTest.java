package dev.temper.checkpoint.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.temper.checkpoint.Checkpoint;
import dev.temper.checkpoint.CheckpointException;
import dev.temper.checkpoint.ConfigJson;
import dev.temper.text.AddSpecialTokens;
import dev.temper.text.GgufVocabulary;
import dev.temper.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** stories260K's GGUF file against the same model as a Hugging Face directory. */
class GgufModelTest {
  private static final Path STORIES = Path.of("../examples/models/stories260K");

  @TempDir Path dir;

  @Test
  void weights_equal_the_directory_bit_for_bit() {
    GgufModel model = GgufModel.open(Golden.file(dir, "tinyllm.gguf"));
    Checkpoint expected = Checkpoint.open(STORIES);
    assertThat(model.names()).containsAll(expected.names());
    for (String name : expected.names()) {
      assertThat(model.shape(name)).isEqualTo(expected.info(name).shape());
      assertThat(model.checkpoint().floats(name)).as(name).isEqualTo(expected.floats(name));
    }
    // The file stores the tied head a second time.
    assertThat(model.checkpoint().floats("lm_head.weight"))
        .isEqualTo(expected.floats("model.embed_tokens.weight"));
  }

  @Test
  void the_configuration_equals_the_directory() {
    JsonNode ours = GgufModel.open(Golden.file(dir, "tinyllm.gguf")).config();
    JsonNode expected = ConfigJson.read(STORIES);
    for (String key :
        List.of(
            "model_type",
            "hidden_size",
            "intermediate_size",
            "num_hidden_layers",
            "num_attention_heads",
            "num_key_value_heads",
            "vocab_size",
            "bos_token_id",
            "eos_token_id")) {
      assertThat(ours.get(key)).as(key).isEqualTo(expected.get(key));
    }
    assertThat(ours.get("rms_norm_eps").doubleValue()).isEqualTo(1e-5);
    assertThat(ours.has("pad_token_id")).as("the file writes -1 for none").isFalse();
  }

  @Test
  void the_tokenizer_gives_the_ids_of_the_directory() throws IOException {
    GgufModel model = GgufModel.open(Golden.file(dir, "tinyllm.gguf"));
    JsonNode golden =
        new ObjectMapper().readTree(Golden.bytes("text/stories260K-tokenizer_golden.json.gz"));
    try (Tokenizer tokenizer =
        Tokenizer.fromFiles(
            GgufVocabulary.read(model.file()).orElseThrow().files(), "tinyllm.gguf")) {
      for (JsonNode row : golden.path("cases")) {
        List<Integer> ids = new ArrayList<>();
        for (int id : tokenizer.ids(row.path("text").asText(), AddSpecialTokens.YES)) {
          ids.add(id);
        }
        assertThat(ids.toString())
            .as(row.path("text").asText())
            .isEqualTo(row.path("ids").toString().replace(",", ", "));
        assertThat(
                tokenizer.decode(
                    tokenizer.ids(row.path("text").asText(), AddSpecialTokens.YES), true))
            .isEqualTo(row.path("decoded").asText());
      }
      assertThat(tokenizer.specialTokens().bos().orElseThrow().content()).isEqualTo("<s>");
    }
  }

  @Test
  void a_missing_key_is_named() {
    Map<String, GgufValue> metadata = new LinkedHashMap<>();
    metadata.put("general.architecture", new GgufValue.Text("llama"));
    Path file = dir.resolve("bare.gguf");
    GgufWriter.write(file, metadata, List.of(), (done, total, name) -> {});
    assertThatThrownBy(() -> GgufModel.open(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("bare.gguf")
        .hasMessageContaining("'llama.embedding_length'");
  }

  @Test
  void an_unknown_architecture_is_named_with_those_that_are_known() {
    Path file = dir.resolve("x.gguf");
    GgufWriter.write(
        file,
        Map.of("general.architecture", new GgufValue.Text("rwkv7")),
        List.of(),
        (done, total, name) -> {});
    assertThatThrownBy(() -> GgufModel.open(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("'rwkv7'")
        .hasMessageContaining("llama, qwen2, qwen3, gemma2, phi3");
  }
}
