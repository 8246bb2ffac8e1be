package dev.temper.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.temper.tensor.Census;
import dev.temper.tensor.DType;
import dev.temper.tensor.Parameter;
import dev.temper.tensor.Shape;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StoredParametersTest {
  @TempDir Path dir;

  private static float[] values(int n) {
    float[] out = new float[n];
    for (int i = 0; i < n; i++) {
      out[i] = (i % 1000) / 7f - 60;
    }
    return out;
  }

  private Path write(StoredType type, float[] values, long... shape) {
    Path file = dir.resolve(type + ".safetensors");
    CheckpointWriter.writeFile(file, List.of(TensorSource.floats("w", type, shape, () -> values)));
    return file;
  }

  /** Bytes this thread allocates on the heap meanwhile. */
  private static long heapBytes(Callable<?> body) throws Exception {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    body.call();
    return threads.getCurrentThreadAllocatedBytes() - before;
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void loads_what_was_stored(StoredType type) {
    Path file = write(type, values(600), 20, 30);
    Checkpoint c = Checkpoint.open(file);
    try (Parameter p = StoredParameters.load(c.source("w"))) {
      assertThat(p.name()).isEqualTo("w");
      assertThat(p.shape()).isEqualTo(Shape.of(20, 30));
      assertThat(p.value().dtype()).isEqualTo(DType.F32);
      assertThat(p.toFloats()).isEqualTo(c.floats("w"));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F64", "I64", "I32", "I8", "U8", "BOOL"})
  void widens_other_types(StoredType type) {
    ByteBuffer bytes = ByteBuffer.allocate(3 * type.bits() / 8).order(ByteOrder.LITTLE_ENDIAN);
    switch (type) {
      case F64 -> bytes.putDouble(1).putDouble(0).putDouble(1);
      case I64 -> bytes.putLong(1).putLong(0).putLong(1);
      case I32 -> bytes.putInt(1).putInt(0).putInt(1);
      default -> bytes.put(new byte[] {1, 0, 1});
    }
    bytes.flip();
    try (Parameter p =
        StoredParameters.load(new TensorSource("w", type, List.of(3L), () -> bytes))) {
      assertThat(p.toFloats()).containsExactly(1, 0, 1);
    }
  }

  @Test
  void refuses_types_the_engine_does_not_have() {
    TensorSource w =
        new TensorSource("w", StoredType.F8_E5M2, List.of(4L), () -> ByteBuffer.allocate(4));
    assertThatThrownBy(() -> StoredParameters.load(w))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContainingAll("'w'", "F8_E5M2");
  }

  @Test
  void a_read_that_fails_frees_the_memory() {
    TensorSource w =
        new TensorSource(
            "w",
            StoredType.F16,
            List.of(4L),
            (offset, into) -> {
              throw new IllegalStateException("the disk is gone");
            });
    int before = Census.liveArrays();
    assertThatThrownBy(() -> StoredParameters.load(w))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the disk is gone");
    assertThat(Census.liveArrays()).isEqualTo(before);
  }

  @Test
  void f32_is_mapped_and_its_rows_are_too() throws IOException {
    Path file = write(StoredType.F32, values(8), 4, 2);
    TensorSource w = Checkpoint.open(file).source("w");
    try (Parameter whole = StoredParameters.load(w);
        Parameter rows = StoredParameters.load(w.rows(2, 4))) {
      try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "rw")) {
        f.seek(f.length() - 4);
        f.writeInt(Integer.reverseBytes(Float.floatToIntBits(42)));
      }
      assertThat(whole.toFloats()[7]).as("seen through the page").isEqualTo(42);
      assertThat(rows.toFloats()[3]).isEqualTo(42);
    }
  }

  @Test
  void a_parameter_outlives_the_reader_and_the_file_it_was_mapped_from() throws Exception {
    float[] expected = values(100_000);
    Path file = write(StoredType.F32, expected, 100_000);
    try (Parameter p = StoredParameters.load(Checkpoint.open(file).source("w"))) {
      Files.delete(file);
      write(StoredType.F32, new float[100_000], 100_000);
      List<byte[]> garbage = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        garbage.add(new byte[1 << 20]);
      }
      assertThat(garbage).hasSize(50);
      assertThat(p.toFloats()).isEqualTo(expected);
    }
  }

  @Test
  void unaligned_f32_is_copied() throws IOException {
    String header = "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
    for (int pad = 0; pad < 4; pad++) {
      Path file = RawFile.write(dir.resolve("u" + pad), RawFile.of(header + " ".repeat(pad), 8));
      try (Parameter p = StoredParameters.load(Checkpoint.open(file).source("w"))) {
        assertThat(p.toFloats()).isEqualTo(Checkpoint.open(file).floats("w"));
      }
    }
  }

  @Test
  void a_tensor_that_crosses_regions_is_read_as_a_whole() {
    Path file = write(StoredType.F32, values(1000), 1000);
    SafetensorsFile regions = SafetensorsFile.open(file, 64);
    TensorSource w = regions.source("w");
    assertThat(w.data().pages(0, 64)).isPresent();
    assertThat(w.data().pages(60, 8)).isEmpty();
    assertThat(regions.bytes("w", 60, 8).getFloat(0)).isEqualTo(values(1000)[15]);
    assertThat(regions.bytes("w", 60, 8).getFloat(4)).isEqualTo(values(1000)[16]);
    try (Parameter p = StoredParameters.load(w)) {
      assertThat(p.toFloats()).isEqualTo(values(1000));
    }
  }

  @Test
  void assigns_in_place_and_checks_the_shape() {
    TensorSource w = Checkpoint.open(write(StoredType.BF16, values(6), 2, 3)).source("w");
    try (Parameter p = Parameter.zeros("p", DType.F32, Shape.of(2, 3));
        Parameter other = Parameter.zeros("p", DType.F32, Shape.of(3, 2))) {
      p.setTrainable(true);
      StoredParameters.assign(p, w);
      assertThat(p.isTrainable()).isTrue();
      assertThat(p.toFloats())
          .isEqualTo(Checkpoint.open(dir.resolve("BF16.safetensors")).floats("w"));
      assertThatThrownBy(() -> StoredParameters.assign(other, w))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContainingAll("'w'", "[2, 3]", "[3, 2]");
    }
  }

  @Test
  void reads_and_writes_parts_of_a_parameter() {
    try (Parameter p = Parameter.of("p", new float[] {1, 2, 3, 4}, 2, 2)) {
      ByteBuffer into = ByteBuffer.allocate(6).order(ByteOrder.LITTLE_ENDIAN);
      p.read(6, into);
      ByteBuffer all = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
      p.read(0, all);
      assertThat(into.array()).isEqualTo(Arrays.copyOfRange(all.array(), 6, 12));
      assertThat(all.getFloat(8)).isEqualTo(3);
      p.write(1, all.clear().limit(8), DType.F32);
      assertThat(p.toFloats()).containsExactly(1, 1, 2, 4);
      assertThatThrownBy(() -> p.read(12, ByteBuffer.allocate(5)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("p [2, 2]", "5 bytes");
      assertThatThrownBy(() -> p.write(3, all.clear().limit(8), DType.F32))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> p.write(0, all.clear().limit(7), DType.F32))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void saving_and_loading_300_megabytes_takes_a_few_of_heap() throws Exception {
    int n = 75_000_000;
    Path file = dir.resolve("large.safetensors");
    try (Parameter p = Parameter.zeros("w", DType.F32, Shape.of(n / 1000, 1000))) {
      ByteBuffer last = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(2.5f).flip();
      p.write(n - 1, last, DType.F32);
      long saving =
          heapBytes(
              () -> {
                CheckpointWriter.writeFile(
                    file, List.of(StoredParameters.source(p).as(StoredType.BF16)));
                return 0;
              });
      // A few hundred pieces of bookkeeping and 20 blocks of 1 MiB that the floats pass through.
      assertThat(saving).isLessThan(32L << 20);
    }
    assertThat(Files.size(file)).isGreaterThan(150_000_000);
    Parameter[] loaded = new Parameter[1];
    long loading =
        heapBytes(() -> loaded[0] = StoredParameters.load(Checkpoint.open(file).source("w")));
    try (Parameter p = loaded[0]) {
      assertThat(loading).isLessThan(4L << 20);
      ByteBuffer last = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      p.read(4L * n - 8, last);
      assertThat(last.getFloat(0)).isZero();
      assertThat(last.getFloat(4)).isEqualTo(2.5f);
    }
  }
}
