package dev.temper.checkpoint.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.temper.checkpoint.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufWriterTest {
  @TempDir Path dir;

  @Test
  void a_file_of_the_python_package_is_written_again_byte_for_byte() throws IOException {
    Path original = Golden.file(dir, "types.gguf");
    GgufFile file = GgufFile.open(original);
    List<GgufTensorSource> tensors = new ArrayList<>();
    List<String> kept = List.of("F32", "F16", "BF16", "scalar");
    for (String name : kept) {
      GgufTensor t = file.info(name);
      tensors.add(new GgufTensorSource(name, t.type(), t.shape(), file.values(name)));
    }
    Path copy = dir.resolve("copy.gguf");
    GgufWriter.write(copy, file.metadata().values(), tensors, (done, total, name) -> {});

    GgufFile again = GgufFile.open(copy);
    for (String name : kept) {
      int length = (int) file.info(name).bytes();
      assertThat(again.bytes(name, 0, length)).isEqualTo(file.bytes(name, 0, length));
    }
    // Magic, version, tensor count, then the pairs.
    byte[] a = Files.readAllBytes(original);
    byte[] b = Files.readAllBytes(copy);
    int pairs = indexOf(a, "a.nested") + 60;
    assertThat(java.util.Arrays.copyOfRange(b, 16, pairs))
        .isEqualTo(java.util.Arrays.copyOfRange(a, 16, pairs));
  }

  private static int indexOf(byte[] bytes, String text) {
    return new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf(text);
  }

  @Test
  void quantized_tensors_come_back_close() {
    float[] values = new float[128];
    for (int i = 0; i < 128; i++) {
      values[i] = (float) Math.sin(i);
    }
    Path file = dir.resolve("q.gguf");
    GgufWriter.write(
        file,
        Map.of(),
        List.of(
            new GgufTensorSource("eight", GgufType.Q8_0, List.of(2L, 64L), Values.of(values)),
            new GgufTensorSource("four", GgufType.Q4_0, List.of(2L, 64L), Values.of(values))),
        (done, total, name) -> {});
    GgufFile read = GgufFile.open(file);
    for (int i = 0; i < 128; i++) {
      assertThat(read.floats("eight")[i])
          .isCloseTo(values[i], org.assertj.core.api.Assertions.within(0.5f / 127));
      assertThat(read.floats("four")[i])
          .isCloseTo(values[i], org.assertj.core.api.Assertions.within(1f / 7));
    }
  }

  @Test
  void an_error_leaves_the_previous_file_and_names_the_tensor() throws IOException {
    Path file = Files.writeString(dir.resolve("x.gguf"), "before");
    assertThatThrownBy(
            () ->
                GgufWriter.write(
                    file,
                    Map.of(),
                    List.of(
                        new GgufTensorSource(
                            "blk.0.w", GgufType.F16, List.of(1L), Values.of(new float[] {1e6f}))),
                    (done, total, name) -> {}))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("blk.0.w")
        .hasMessageContaining("65504");
    assertThat(file).hasContent("before");
    try (var all = Files.list(dir)) {
      assertThat(all).containsExactly(file);
    }
  }

  @Test
  void refuses_rows_that_are_no_whole_blocks_and_types_that_cannot_be_written() {
    assertThatThrownBy(
            () ->
                new GgufTensorSource(
                    "w", GgufType.Q8_0, List.of(2L, 33L), Values.of(new float[66])))
        .hasMessageContaining("33")
        .hasMessageContaining("blocks of 32");
    assertThatThrownBy(
            () ->
                new GgufTensorSource("w", GgufType.Q4_K, List.of(256L), Values.of(new float[256])))
        .hasMessageContaining("Q4_K");
  }
}
