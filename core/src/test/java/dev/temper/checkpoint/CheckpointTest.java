package dev.temper.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {
  private static final String ONE =
      "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}";

  @TempDir Path dir;

  private void rejects(String... messageParts) {
    assertThatThrownBy(() -> Checkpoint.open(dir))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContainingAll(messageParts);
  }

  private void index(String json) throws IOException {
    Files.writeString(dir.resolve(Checkpoint.INDEX), json);
  }

  @Test
  void reads_the_shards_transformers_wrote() {
    Checkpoint c = Checkpoint.open(Golden.model("llama_sharded"));
    assertThat(c.names())
        .hasSize(21)
        .contains("lm_head.weight", "model.layers.1.mlp.up_proj.weight");
    assertThat(c.info("model.embed_tokens.weight").shape()).containsExactly(160L, 48L);
    assertThat(c.info("model.embed_tokens.weight").type()).isEqualTo(StoredType.F32);
    assertThat(c.floats("model.embed_tokens.weight")).hasSize(160 * 48);
    long bytes = 0;
    for (String name : c.names()) {
      assertThat(c.bytes(name).order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
      assertThat(c.bytes(name).isReadOnly()).isTrue();
      bytes += c.bytes(name).remaining();
    }
    assertThat(bytes).isEqualTo(246_720);
  }

  @Test
  void reads_the_bfloat16_transformers_wrote() {
    Checkpoint c = Checkpoint.open(Golden.model("llama_bf16"));
    for (String name : c.names()) {
      assertThat(c.info(name).type()).isEqualTo(StoredType.BF16);
      float[] values = c.floats(name);
      for (int i = 0; i < values.length; i++) {
        assertThat(Floats.toBf16(values[i])).isEqualTo(c.bytes(name).getShort(2 * i));
      }
    }
    assertThat(c.floats("model.embed_tokens.weight")).doesNotContain(Float.NaN);
  }

  @Test
  void opens_a_single_file_by_its_path() {
    Path model = Golden.model("llama_bf16");
    Path file = model.resolve(Checkpoint.SINGLE);
    assertThat(Checkpoint.open(file).names()).isEqualTo(Checkpoint.open(model).names());
    assertThat(Checkpoint.open(file).source()).isEqualTo(file);
  }

  @Test
  void names_the_nearest_tensor_when_one_is_missing() {
    Checkpoint c = Checkpoint.open(Golden.model("llama_sharded"));
    assertThat(c.contains("lm_head.wieght")).isFalse();
    assertThatThrownBy(() -> c.floats("lm_head.wieght"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContainingAll(
            "llama_sharded", "no tensor 'lm_head.wieght'; did you mean 'lm_head.weight'?");
    assertThatThrownBy(() -> c.bytes("x".repeat(10_000))).isInstanceOf(CheckpointException.class);
  }

  @Test
  void says_what_a_directory_without_weights_lacks() throws IOException {
    rejects(dir.toString(), Checkpoint.SINGLE, Checkpoint.INDEX);
    Files.writeString(dir.resolve("pytorch_model.bin"), "");
    rejects("pickle", "never opened", "python -c", "'pytorch_model.bin'", "save_file");
    assertThatThrownBy(() -> Checkpoint.open(dir.resolve("nothing")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("no such");
  }

  @Test
  void names_a_missing_shard() throws IOException {
    index("{\"weight_map\":{\"a\":\"model-00001-of-00002.safetensors\"}}");
    rejects(
        dir.resolve("model-00001-of-00002.safetensors").toString(),
        "shard is missing",
        Checkpoint.INDEX);
  }

  @Test
  void names_a_tensor_its_shard_does_not_hold() throws IOException {
    RawFile.write(dir.resolve("s.safetensors"), RawFile.of(ONE, 1));
    index("{\"weight_map\":{\"a\":\"s.safetensors\",\"b\":\"s.safetensors\"}}");
    rejects(Checkpoint.INDEX, "'b' is not in s.safetensors");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../x/s.safetensors",
        "/etc/passwd",
        "sub/s.safetensors",
        "..",
        ".",
        "",
        "./s.safetensors",
        "sub\\\\s.safetensors",
        "C:s.safetensors",
        "/",
        "s.safetensors/",
        "s\\u0000.safetensors",
        "s.safetensors\\n"
      })
  void rejects_an_index_that_points_outside_the_directory(String shard) throws IOException {
    Files.createDirectory(dir.resolve("sub"));
    RawFile.write(dir.resolve("s.safetensors"), RawFile.of(ONE, 1));
    RawFile.write(dir.resolve("sub/s.safetensors"), RawFile.of(ONE, 1));
    index("{\"weight_map\":{\"a\":\"" + shard + "\"}}");
    rejects(Checkpoint.INDEX, "'a'", "outside the directory");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "null", "[\"s.safetensors\"]", "{}", "true"})
  void rejects_an_index_that_names_no_file(String shard) throws IOException {
    index("{\"weight_map\":{\"a\":" + shard + "}}");
    rejects(Checkpoint.INDEX, "'a'", "needs the name of a file");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{}",
        "[]",
        "null",
        "{\"weight_map\":{}}",
        "{\"weight_map\":[]}",
        "{\"weight_map\":\"x\"}"
      })
  void rejects_an_index_without_a_weight_map(String json) throws IOException {
    index(json);
    rejects(Checkpoint.INDEX, "no weight_map");
  }

  @Test
  void rejects_an_index_that_is_not_json() throws IOException {
    index("{\"weight_map\":{\"a\":");
    rejects(Checkpoint.INDEX, "not valid JSON");
    index("{\"weight_map\":" + "{\"a\":".repeat(100_000));
    rejects(Checkpoint.INDEX, "not valid JSON");
    index("{\"weight_map\":{\"a\":\"s.safetensors\",\"a\":\"t.safetensors\"}}");
    rejects(Checkpoint.INDEX, "uplicate");
  }

  @Test
  void reports_a_damaged_shard_by_its_path() throws IOException {
    RawFile.write(dir.resolve("s.safetensors"), RawFile.of(ONE, 0));
    index("{\"weight_map\":{\"a\":\"s.safetensors\"}}");
    rejects(dir.resolve("s.safetensors").toString(), "truncated");
  }

  @ParameterizedTest
  @ValueSource(strings = {"pytorch_model.bin", "consolidated.00.pth", "model.pt", "x.ckpt"})
  void refuses_pickles_without_opening_them_and_says_how_to_convert_them(String name)
      throws IOException {
    Path pickle = Files.writeString(dir.resolve(name), "cos\nsystem\n");
    Files.setLastModifiedTime(pickle, java.nio.file.attribute.FileTime.fromMillis(0));
    rejects(name + " is a pickle", "never opened", "python -c", "weights_only=True");
    assertThatThrownBy(() -> Checkpoint.open(pickle))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContainingAll("is a pickle", "python -c");
    assertThat(Pickles.refusal(pickle, Checkpoint.SINGLE)).doesNotContain("\n");
  }

  @Test
  void refuses_pickled_shards_and_ignores_what_a_trainer_left() throws IOException {
    Files.writeString(dir.resolve("training_args.bin"), "");
    Files.writeString(dir.resolve("optimizer.pt"), "");
    assertThatThrownBy(() -> Checkpoint.open(dir))
        .isInstanceOf(CheckpointException.class)
        .hasMessageNotContaining("pickle");
    Files.writeString(dir.resolve("pytorch_model-00001-of-00002.bin"), "");
    rejects("pytorch_model-00001-of-00002.bin is a pickle", "save_pretrained");
  }

  @Test
  void what_is_open_stays_as_it_was_when_the_directory_is_saved_over() {
    long[] shape = {2};
    List<TensorSource> old =
        List.of(
            TensorSource.floats("a", StoredType.F32, shape, () -> new float[] {1, 2}),
            TensorSource.floats("b", StoredType.F32, shape, () -> new float[] {3, 4}));
    CheckpointWriter.writeDirectory(dir, old, 8);
    Checkpoint open = Checkpoint.open(dir);
    CheckpointWriter.writeDirectory(
        dir, List.of(TensorSource.floats("a", StoredType.F32, shape, () -> new float[] {5, 6})), 8);
    assertThat(open.floats("a")).containsExactly(1, 2);
    assertThat(open.floats("b")).containsExactly(3, 4);
    assertThat(Checkpoint.open(dir).floats("a")).containsExactly(5, 6);
    assertThat(Checkpoint.open(dir).names()).containsExactly("a");
  }

  @Test
  void tensors_from_elsewhere_are_read_as_those_of_a_file() {
    Checkpoint c =
        Checkpoint.of(
            java.nio.file.Path.of("made"),
            java.util.List.of(
                TensorSource.floats(
                    "w", StoredType.F32, new long[] {2, 1}, () -> new float[] {1, -2})));
    assertThat(c.names()).containsExactly("w");
    assertThat(c.contains("w")).isTrue();
    assertThat(c.info("w").shape()).containsExactly(2L, 1L);
    assertThat(c.floats("w")).containsExactly(1, -2);
    assertThat(c.source("w").byteSize()).isEqualTo(8);
    assertThatThrownBy(() -> c.info("v"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("made: has no tensor 'v'");
  }
}
