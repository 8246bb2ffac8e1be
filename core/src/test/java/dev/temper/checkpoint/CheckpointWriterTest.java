package dev.temper.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointWriterTest {
  @TempDir Path dir;

  private static TensorSource tensor(String name, int bytes) {
    return new TensorSource(name, StoredType.U8, List.of((long) bytes), () -> filled(bytes));
  }

  private static ByteBuffer filled(int bytes) {
    byte[] out = new byte[bytes];
    Arrays.fill(out, (byte) bytes);
    return ByteBuffer.wrap(out);
  }

  private static TensorSource failing(String name, int bytes) {
    return new TensorSource(
        name,
        StoredType.U8,
        List.of((long) bytes),
        () -> {
          throw new IllegalStateException("no such tensor after all");
        });
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(dir)) {
      return files.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }

  private List<List<String>> shards(long max, TensorSource... tensors) throws IOException {
    CheckpointWriter.writeDirectory(dir, List.of(tensors), max);
    List<List<String>> out = new ArrayList<>();
    for (String name : names()) {
      if (name.endsWith(".safetensors")) {
        out.add(SafetensorsFile.open(dir.resolve(name)).names().stream().sorted().toList());
      }
    }
    return out;
  }

  @Test
  void tensors_that_fit_exactly_share_a_shard_and_one_byte_more_starts_the_next()
      throws IOException {
    assertThat(shards(10, tensor("a", 4), tensor("b", 6))).containsExactly(List.of("a", "b"));
    assertThat(names()).containsExactly("model.safetensors");
    assertThat(shards(10, tensor("a", 4), tensor("b", 6), tensor("c", 1)))
        .containsExactly(List.of("a", "b"), List.of("c"));
    assertThat(shards(10, tensor("a", 4), tensor("b", 7)))
        .containsExactly(List.of("a"), List.of("b"));
    assertThat(shards(10, tensor("z", 5), tensor("b", 6), tensor("a", 4)))
        .containsExactly(List.of("z"), List.of("a", "b"));
  }

  @Test
  void a_tensor_larger_than_a_shard_stands_alone() throws IOException {
    assertThat(shards(10, tensor("a", 4), tensor("huge", 50), tensor("b", 4), tensor("c", 4)))
        .containsExactly(List.of("a"), List.of("huge"), List.of("b", "c"));
    assertThat(shards(1, tensor("huge", 50))).containsExactly(List.of("huge"));
    assertThat(names()).containsExactly("model.safetensors");
  }

  @Test
  void empty_tensors_do_not_open_shards() throws IOException {
    assertThat(shards(10, tensor("a", 10), tensor("e", 0), tensor("b", 1)))
        .containsExactly(List.of("a", "e"), List.of("b"));
    assertThat(shards(10)).containsExactly(List.of());
  }

  @Test
  void rejects_a_shard_size_that_is_not_positive() {
    assertThatThrownBy(() -> CheckpointWriter.writeDirectory(dir, List.of(), 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("maxShardBytes");
  }

  @Test
  void the_index_says_where_every_tensor_is() throws IOException {
    CheckpointWriter.writeDirectory(
        dir, List.of(tensor("b", 6), tensor("a", 4), tensor("c", 1)), 6);
    assertThat(Files.readString(dir.resolve(Checkpoint.INDEX)))
        .isEqualTo(
            """
            {
              "metadata": {
                "total_parameters": 11,
                "total_size": 11
              },
              "weight_map": {
                "a": "model-00002-of-00002.safetensors",
                "b": "model-00001-of-00002.safetensors",
                "c": "model-00002-of-00002.safetensors"
              }
            }
            """);
    Checkpoint read = Checkpoint.open(dir);
    assertThat(read.names()).containsExactly("a", "b", "c");
    assertThat(read.bytes("b").get(0)).isEqualTo((byte) 6);
  }

  @Test
  void removes_stale_shards_and_nothing_else() throws IOException {
    Files.writeString(dir.resolve("config.json"), "{}");
    Files.writeString(dir.resolve("model-of-mine.safetensors"), "mine");
    Files.writeString(dir.resolve("adapter_model.safetensors"), "mine");
    CheckpointWriter.writeDirectory(
        dir, List.of(tensor("a", 4), tensor("b", 4), tensor("c", 4)), 4);
    CheckpointWriter.writeDirectory(dir, List.of(tensor("a", 4), tensor("b", 4)), 4);
    assertThat(names())
        .containsExactly(
            "adapter_model.safetensors",
            "config.json",
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model-of-mine.safetensors",
            "model.safetensors.index.json");
    CheckpointWriter.writeDirectory(dir, List.of(tensor("a", 4)), 4);
    assertThat(names())
        .containsExactly(
            "adapter_model.safetensors",
            "config.json",
            "model-of-mine.safetensors",
            "model.safetensors");
    CheckpointWriter.writeDirectory(dir, List.of(tensor("a", 4), tensor("b", 4)), 4);
    assertThat(names()).doesNotContain("model.safetensors");
    assertThat(Checkpoint.open(dir).names()).containsExactly("a", "b");
  }

  @Test
  void an_exception_half_way_leaves_the_old_file_bit_identical() throws IOException {
    Path file = dir.resolve("model.safetensors");
    CheckpointWriter.writeFile(file, List.of(tensor("a", 4)));
    byte[] before = RawFile.read(file);
    assertThatThrownBy(
            () -> CheckpointWriter.writeFile(file, List.of(tensor("a", 40_000), failing("b", 4))))
        .isInstanceOf(IllegalStateException.class);
    assertThat(RawFile.read(file)).isEqualTo(before);
    assertThat(names()).containsExactly("model.safetensors");
  }

  @Test
  void an_exception_in_a_late_shard_leaves_the_old_shards_bit_identical() throws IOException {
    CheckpointWriter.writeDirectory(dir, List.of(tensor("a", 4), tensor("b", 4)), 4);
    List<String> files = names();
    List<byte[]> before = files.stream().map(f -> RawFile.read(dir.resolve(f))).toList();
    assertThatThrownBy(
            () -> CheckpointWriter.writeDirectory(dir, List.of(tensor("a", 3), failing("b", 3)), 4))
        .isInstanceOf(IllegalStateException.class);
    assertThat(names()).isEqualTo(files);
    assertThat(files.stream().map(f -> RawFile.read(dir.resolve(f))).toList())
        .usingRecursiveComparison()
        .isEqualTo(before);
  }

  @Test
  void a_checkpoint_can_be_rewritten_from_its_own_tensors() throws IOException {
    CheckpointWriter.writeDirectory(
        dir, List.of(tensor("a", 4), tensor("b", 5), tensor("c", 6)), 9);
    Checkpoint own = Checkpoint.open(dir);
    List<TensorSource> reversed = new ArrayList<>();
    for (String name : List.of("c", "b", "a")) {
      TensorInfo info = own.info(name);
      reversed.add(new TensorSource(name, info.type(), info.shape(), () -> own.bytes(name)));
    }
    CheckpointWriter.writeDirectory(dir, reversed, 9);
    Checkpoint read = Checkpoint.open(dir);
    assertThat(List.of(read.bytes("a").get(0), read.bytes("b").get(0), read.bytes("c").get(0)))
        .containsExactly((byte) 4, (byte) 5, (byte) 6);
  }

  @Test
  void asks_for_one_tensor_at_a_time_and_only_once() {
    AtomicInteger asked = new AtomicInteger();
    List<TensorSource> tensors = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      tensors.add(
          new TensorSource(
              "t" + i,
              StoredType.U8,
              List.of(1L),
              () -> ByteBuffer.wrap(new byte[] {(byte) asked.getAndIncrement()})));
    }
    CheckpointWriter.writeDirectory(dir, tensors, 2);
    assertThat(asked).hasValue(5);
  }

  @Test
  void a_buffer_is_left_as_it_was_so_that_it_can_be_written_again() {
    ByteBuffer shared = ByteBuffer.wrap(new byte[] {9, 1, 2, 9});
    shared.position(1).limit(3);
    TensorSource t = new TensorSource("t", StoredType.U8, List.of(2L), () -> shared);
    CheckpointWriter.writeFile(dir.resolve("1"), List.of(t));
    CheckpointWriter.writeFile(dir.resolve("2"), List.of(t));
    assertThat(RawFile.read(dir.resolve("1")))
        .isEqualTo(RawFile.read(dir.resolve("2")))
        .endsWith((byte) 1, (byte) 2);
  }

  @Test
  void rejects_two_tensors_of_one_name_in_one_shard_or_two() {
    assertThatThrownBy(
            () ->
                CheckpointWriter.writeFile(
                    dir.resolve("x"), List.of(tensor("a", 1), tensor("a", 1))))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("two tensors are called 'a'");
    assertThatThrownBy(
            () -> CheckpointWriter.writeDirectory(dir, List.of(tensor("a", 4), tensor("a", 4)), 4))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("two tensors are called 'a'");
    assertThat(dir).isEmptyDirectory();
  }

  @Test
  void rejects_names_the_format_cannot_hold() {
    for (Map<String, String> metadata : List.of(Map.of("format", "pt"), Map.<String, String>of())) {
      assertThatThrownBy(
              () ->
                  CheckpointWriter.writeFile(
                      dir.resolve("x"), List.of(tensor("__metadata__", 1)), metadata))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("reserves");
    }
    assertThatThrownBy(
            () ->
                CheckpointWriter.writeFile(
                    dir.resolve("x"), List.of(tensor("half a pair \uD83D", 1))))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("Unicode");
  }

  @Test
  void rejects_bytes_that_do_not_fit_the_shape() {
    TensorSource wrong =
        new TensorSource("w", StoredType.F32, List.of(2L), () -> ByteBuffer.allocate(7));
    assertThatThrownBy(() -> CheckpointWriter.writeFile(dir.resolve("x"), List.of(wrong)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContainingAll("'w'", "7 bytes", "F32 [2]");
    assertThat(dir).isEmptyDirectory();
  }

  @Test
  void rejects_shapes_that_cannot_be() {
    assertThatThrownBy(
            () ->
                new TensorSource(
                    "w", StoredType.F32, List.of(-1L, -4L), () -> ByteBuffer.allocate(16)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("negative");
    assertThatThrownBy(
            () ->
                new TensorSource(
                    "w", StoredType.F32, List.of(1L << 40, 1L << 40), () -> ByteBuffer.allocate(0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("overflows");
    assertThatThrownBy(
            () -> new TensorSource("w", StoredType.F4, List.of(3L), () -> ByteBuffer.allocate(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("12 bits");
  }

  @Test
  void stores_floats_as_the_type_asked_for() {
    float[] values = {1f, -0f, 65519f, 0x1.01p0f, Float.POSITIVE_INFINITY};
    for (StoredType type : List.of(StoredType.F32, StoredType.F16, StoredType.BF16)) {
      Path file = dir.resolve(type + ".safetensors");
      CheckpointWriter.writeFile(
          file, List.of(TensorSource.floats("w", type, new long[] {5}, () -> values)));
      float[] read = Checkpoint.open(file).floats("w");
      for (int i = 0; i < values.length; i++) {
        float expected =
            switch (type) {
              case F16 -> Floats.fromF16(Floats.toF16(values[i]));
              case BF16 -> Floats.fromBf16(Floats.toBf16(values[i]));
              default -> values[i];
            };
        assertThat(Float.floatToRawIntBits(read[i])).isEqualTo(Float.floatToRawIntBits(expected));
      }
    }
    assertThatThrownBy(
            () ->
                CheckpointWriter.writeFile(
                    dir.resolve("x"),
                    List.of(TensorSource.floats("w", StoredType.I8, new long[] {5}, () -> values))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("I8");
  }

  @Test
  void writes_the_shards_and_the_index_that_transformers_wrote() throws IOException {
    Path golden = Golden.model("llama_sharded");
    Checkpoint read = Checkpoint.open(golden);
    List<TensorSource> tensors = new ArrayList<>();
    long largest = 0;
    for (int i = 1; i <= 5; i++) {
      SafetensorsFile shard =
          SafetensorsFile.open(golden.resolve("model-0000" + i + "-of-00005.safetensors"));
      // Large tensors first: a norm in front of the next shard would still fit into this one.
      List<TensorInfo> infos =
          shard.names().stream()
              .map(read::info)
              .sorted(Comparator.comparingLong(TensorInfo::bytes).reversed())
              .toList();
      infos.forEach(
          t ->
              tensors.add(
                  new TensorSource(t.name(), t.type(), t.shape(), () -> read.bytes(t.name()))));
      largest = Math.max(largest, infos.stream().mapToLong(TensorInfo::bytes).sum());
    }
    CheckpointWriter.writeDirectory(dir, tensors, largest);
    for (String name : names()) {
      assertThat(RawFile.read(dir.resolve(name)))
          .as(name)
          .isEqualTo(RawFile.read(golden.resolve(name)));
    }
    assertThat(names()).hasSize(6);
    assertThat(
            new ObjectMapper()
                .readTree(RawFile.read(dir.resolve(Checkpoint.INDEX)))
                .get("weight_map"))
        .hasSize(read.names().size());
  }
}
