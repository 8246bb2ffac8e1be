package dev.temper.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.temper.UserException;
import dev.temper.checkpoint.Checkpoint;
import dev.temper.checkpoint.gguf.Golden;
import dev.temper.generate.LocalGenerator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufLoadTest {
  private static final Path STORIES = Path.of("../examples/models/stories260K");

  @TempDir Path dir;

  @Test
  void a_gguf_file_is_loaded_as_the_directory_is() {
    List<int[]> rows = List.of(new int[] {1, 403, 407, 261, 378, 5, 9, 100, 511});
    Path file = Golden.file(dir, "tinyllm.gguf");
    try (CausalLm gguf = CausalLm.load(file);
        CausalLm directory = CausalLm.load(STORIES)) {
      assertThat(LocalGenerator.score(gguf, rows).get(0))
          .isEqualTo(LocalGenerator.score(directory, rows).get(0));
      assertThat(gguf.tokenizer().ids("Once upon a time"))
          .isEqualTo(directory.tokenizer().ids("Once upon a time"));
      gguf.save(dir.resolve("saved"));
    }
    assertThat(Checkpoint.open(dir.resolve("saved")).floats("model.norm.weight"))
        .isEqualTo(Checkpoint.open(STORIES).floats("model.norm.weight"));
    assertThat(dir.resolve("saved/tokenizer.json")).exists();
    assertThat(dir.resolve("saved/config.json")).exists();
  }

  @Test
  void a_damaged_gguf_file_is_one_clear_error() throws Exception {
    byte[] bytes = Golden.bytes("gguf/tinyllm.gguf.gz");
    Path file =
        Files.write(dir.resolve("cut.gguf"), java.util.Arrays.copyOf(bytes, bytes.length / 2));
    assertThatThrownBy(() -> CausalLm.load(file))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("cut.gguf")
        .hasMessageContaining("truncated");
  }
}
