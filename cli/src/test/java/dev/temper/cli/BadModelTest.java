package dev.temper.cli;

import static dev.temper.cli.Ran.temper;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.temper.checkpoint.CheckpointWriter;
import dev.temper.checkpoint.SafetensorsFile;
import dev.temper.checkpoint.StoredType;
import dev.temper.checkpoint.TensorSource;
import dev.temper.efficiency.peft.Adapter;
import dev.temper.efficiency.peft.Lora;
import dev.temper.efficiency.peft.Targets;
import dev.temper.model.CausalLm;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models and adapters that cannot be used: one clear error, and what was written before stays. */
class BadModelTest {
  private static final String WEIGHTS = "model.safetensors";

  @TempDir Path dir;
  private Path model = Path.of("");
  private Path earlier = Path.of("");

  @BeforeEach
  void copyTheModel() throws IOException {
    model = Story.copy(dir.resolve("model"));
    earlier = Files.writeString(dir.resolve("scored.jsonl"), "what an earlier command wrote\n");
  }

  @AfterEach
  void earlier_output_is_intact() {
    assertThat(earlier).hasContent("what an earlier command wrote\n");
  }

  /** Scores with the damaged model into the file that an earlier command wrote. */
  private Ran score(Object... more) throws IOException {
    Path data = Files.writeString(dir.resolve("rows.jsonl"), "{\"input_ids\": [1, 2, 3]}\n");
    return temper("score", "--model", model, "--data", data, "--out", earlier, Arrays.asList(more));
  }

  // ------------------------------------------------------------------ safetensors

  private void header(String json, int dataBytes) throws IOException {
    header(json.getBytes(UTF_8), dataBytes);
  }

  private void header(byte[] json, int dataBytes) throws IOException {
    ByteBuffer file =
        ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    Files.write(model.resolve(WEIGHTS), file.putLong(json.length).put(json).array());
  }

  @Test
  void weights_cut_off_in_the_data() throws IOException {
    byte[] whole = Files.readAllBytes(model.resolve(WEIGHTS));
    Files.write(model.resolve(WEIGHTS), Arrays.copyOf(whole, whole.length - 1000));

    score().failed(WEIGHTS, "truncated");
  }

  @Test
  void weights_cut_off_in_the_header() throws IOException {
    byte[] whole = Files.readAllBytes(model.resolve(WEIGHTS));
    Files.write(model.resolve(WEIGHTS), Arrays.copyOf(whole, 100));

    score().failed(WEIGHTS, "header");
  }

  @Test
  void tensors_that_overlap() throws IOException {
    header(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
            + "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
        12);

    score().failed(WEIGHTS, "'b'", "overlap");
  }

  @Test
  void a_header_that_claims_to_be_larger_than_the_file() throws IOException {
    byte[] whole = Files.readAllBytes(model.resolve(WEIGHTS));
    ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).putLong(0, Long.MAX_VALUE);
    Files.write(model.resolve(WEIGHTS), whole);

    score().failed(WEIGHTS, "header");
  }

  @Test
  void a_header_that_is_not_utf_8() throws IOException {
    byte[] json =
        "{\"?\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}".getBytes(UTF_8);
    json[2] = (byte) 0xff;
    header(json, 8);

    score().failed(WEIGHTS, "UTF-8");
  }

  @Test
  void a_shard_that_is_missing() throws IOException {
    Files.move(model.resolve(WEIGHTS), model.resolve("model-00001-of-00002.safetensors"));
    ObjectNode index = Story.JSON.createObjectNode();
    index.putObject("metadata").put("total_size", 1);
    index
        .putObject("weight_map")
        .put("model.norm.weight", "model-00001-of-00002.safetensors")
        .put("model.embed_tokens.weight", "model-00002-of-00002.safetensors");
    Story.JSON.writeValue(model.resolve("model.safetensors.index.json").toFile(), index);

    score().failed("model-00002-of-00002.safetensors");
  }

  @Test
  void a_tensor_of_another_shape_than_the_config_asks_for() throws IOException {
    Story.edit(model.resolve("config.json"), c -> c.put("vocab_size", 400));

    score().failed("model.embed_tokens.weight", "[512, 64]", "[400, 64]");
  }

  // ------------------------------------------------------------------ config and tokenizer

  @Test
  void a_config_without_a_key_it_needs() throws IOException {
    Story.edit(model.resolve("config.json"), c -> c.remove("hidden_size"));

    score().failed("config.json", "hidden_size", "missing");
  }

  @Test
  void a_model_type_nobody_knows_is_answered_with_those_supported() throws IOException {
    Story.edit(model.resolve("config.json"), c -> c.put("model_type", "lama"));

    score().failed("config.json", "'lama'", "supported", "llama");
  }

  @Test
  void no_model_directory() throws IOException {
    model = dir.resolve("nowhere");

    score().failed("nowhere", "there is no directory");
  }

  @Test
  void a_tokenizer_with_more_ids_than_the_embedding_has_rows() throws IOException {
    Story.edit(
        model.resolve("tokenizer.json"),
        t -> {
          ObjectNode token = ((ArrayNode) t.get("added_tokens")).addObject();
          token.put("id", 512).put("content", "<extra>").put("special", true);
          token.put("single_word", false).put("lstrip", false).put("rstrip", false);
          token.put("normalized", false);
        });

    score().failed("tokenizer", "512 rows", "'<extra>' (512)");
  }

  @Test
  void no_tokenizer_where_text_must_be_read() throws IOException {
    Files.delete(model.resolve("tokenizer.json"));
    Path data = Files.writeString(dir.resolve("text.jsonl"), "{\"text\": \"Once\"}\n");

    temper("score", "--model", model, "--data", data, "--out", earlier).failed("tokenizer.json");
  }

  // ------------------------------------------------------------------ adapters

  /** A LoRA adapter of the shipped model. */
  private Path adapter() {
    Path saved = dir.resolve("adapter");
    try (CausalLm lm = CausalLm.load(Story.MODEL);
        Adapter lora = Lora.rank(2).targets(Targets.suffixes("q_proj")).attach(lm)) {
      lora.save(saved);
    }
    return saved;
  }

  @Test
  void an_adapter_of_a_wider_model() throws IOException {
    Path adapter = adapter();
    Path weights = adapter.resolve("adapter_model.safetensors");
    SafetensorsFile file = SafetensorsFile.open(weights);
    CheckpointWriter.writeFile(
        weights,
        file.names().stream()
            .map(
                name -> {
                  long[] dims = file.info(name).dims();
                  long[] wider = {dims[0] == 2 ? 2 : 96, dims[0] == 2 ? 96 : 2};
                  return TensorSource.floats(name, StoredType.F32, wider, () -> new float[192]);
                })
            .toList());

    score("--adapter", adapter)
        .failed("adapter_model.safetensors", "q_proj.lora_A", "[2, 96]", "[2, 64]");
  }

  @Test
  void an_adapter_of_a_deeper_model() throws IOException {
    Path adapter = adapter();
    Path weights = adapter.resolve("adapter_model.safetensors");
    SafetensorsFile file = SafetensorsFile.open(weights);
    CheckpointWriter.writeFile(
        weights,
        file.names().stream()
            .map(
                name -> {
                  long[] dims = file.info(name).dims();
                  return TensorSource.floats(
                      name.replace("layers.4.", "layers.40."),
                      StoredType.F32,
                      dims,
                      () -> new float[(int) (dims[0] * dims[1])]);
                })
            .toList());

    score("--adapter", adapter).failed("adapter_model.safetensors", "layers.4");
  }

  @Test
  void a_directory_without_an_adapter() throws IOException {
    score("--adapter", dir).failed("adapter_config.json");
  }
}
