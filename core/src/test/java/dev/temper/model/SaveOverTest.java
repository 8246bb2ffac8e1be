package dev.temper.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.temper.UserException;
import dev.temper.checkpoint.Checkpoint;
import dev.temper.checkpoint.CheckpointWriter;
import dev.temper.checkpoint.ConfigJson;
import dev.temper.checkpoint.StoredType;
import dev.temper.tensor.Parameter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SaveOverTest {
  @TempDir Path dir;

  private Path copy() throws IOException {
    Path to = Files.createDirectory(dir.resolve("model"));
    try (Stream<Path> files = Files.list(Golden.model("llama_sharded"))) {
      for (Path p : (Iterable<Path>) files::iterator) {
        Files.copy(p, to.resolve(p.getFileName().toString()));
      }
    }
    return to;
  }

  @Test
  void a_model_is_saved_over_the_one_its_weights_are_mapped_from() throws IOException {
    Path model = copy();
    Files.writeString(model.resolve("README.md"), "mine");
    Checkpoint before = Checkpoint.open(model);
    String name = "model.layers.1.mlp.up_proj.weight";
    float[] old = before.floats(name);
    try (CausalLm lm = CausalLm.load(model);
        CausalLm reader = CausalLm.load(model)) {
      Parameter changed =
          lm.parameters().stream().filter(p -> p.name().equals(name)).findFirst().orElseThrow();
      changed.assign(new float[old.length]);
      lm.save(model, SaveType.BF16, 50_000);
      for (CausalLm open : List.of(lm, reader)) {
        for (Parameter p : open.parameters()) {
          boolean isChanged = open == lm && p.name().equals(name);
          assertThat(p.toFloats())
              .isEqualTo(isChanged ? new float[old.length] : before.floats(p.name()));
        }
      }
    }
    assertThat(model.resolve("README.md")).hasContent("mine");
    Checkpoint after = Checkpoint.open(model);
    assertThat(after.names()).isEqualTo(before.names());
    assertThat(after.info(name).type()).isEqualTo(StoredType.BF16);
    assertThat(after.floats(name)).containsOnly(0f);
    assertThat(
            ConfigJson.read(model)
                .path("dtype")
                .asText(ConfigJson.read(model).path("torch_dtype").asText()))
        .isEqualTo("bfloat16");
    try (Stream<Path> beside = Files.list(dir)) {
      assertThat(beside).containsExactly(model);
    }
  }

  @Test
  void saving_again_changes_nothing_in_config_json() throws IOException {
    Path model = copy();
    byte[] config = Files.readAllBytes(model.resolve("config.json"));
    try (CausalLm lm = CausalLm.load(model)) {
      lm.save(model, SaveType.F32, CheckpointWriter.DEFAULT_SHARD_BYTES);
    }
    assertThat(Files.readAllBytes(model.resolve("config.json"))).isEqualTo(config);
    assertThat(model.resolve(Checkpoint.SINGLE)).exists();
    assertThat(model.resolve(Checkpoint.INDEX)).doesNotExist();
  }

  @Test
  void a_directory_of_pickles_is_one_error_with_a_remedy() throws IOException {
    Path model = copy();
    try (Stream<Path> files = Files.list(model)) {
      for (Path p : files.filter(f -> f.toString().contains("safetensors")).toList()) {
        Files.delete(p);
      }
    }
    Files.writeString(model.resolve("pytorch_model.bin"), "cos\nsystem\n");
    assertThatThrownBy(() -> CausalLm.load(model))
        .isInstanceOf(UserException.class)
        .hasMessageContainingAll("pytorch_model.bin is a pickle", "python -c");
  }
}
