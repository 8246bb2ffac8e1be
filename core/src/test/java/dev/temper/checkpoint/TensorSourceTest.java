package dev.temper.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TensorSourceTest {
  @TempDir Path dir;

  /** rows × columns, counting upwards from {@code start}. */
  private static TensorSource counting(String name, int rows, int columns, int start) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = start + i;
    }
    return TensorSource.floats(name, StoredType.F32, new long[] {rows, columns}, () -> values);
  }

  /** All bytes, asked for {@code chunk} at a time. */
  private static ByteBuffer read(TensorSource source, int chunk) {
    ByteBuffer out = ByteBuffer.allocate((int) source.byteSize()).order(ByteOrder.LITTLE_ENDIAN);
    while (out.hasRemaining()) {
      int n = Math.min(chunk, out.remaining());
      ByteBuffer part = ByteBuffer.allocateDirect(n).order(ByteOrder.LITTLE_ENDIAN);
      source.data().read(out.position(), part);
      assertThat(part.hasRemaining()).isFalse();
      out.put(part.flip());
    }
    return out.flip();
  }

  private static float[] floats(TensorSource source, int chunk) {
    float[] out = new float[(int) source.elements()];
    read(source, chunk).asFloatBuffer().get(out);
    return out;
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 12, 1000})
  void cuts_rows_and_joins_them_again(int chunk) {
    TensorSource whole = counting("w", 5, 3, 0);
    TensorSource middle = whole.rows(1, 3).named("middle");
    assertThat(middle.name()).isEqualTo("middle");
    assertThat(middle.shape()).containsExactly(2L, 3L);
    assertThat(floats(middle, chunk)).containsExactly(3, 4, 5, 6, 7, 8);
    TensorSource swapped =
        TensorSource.concatenate(
            "s", List.of(whole.rows(3, 5), whole.rows(2, 2), whole.rows(0, 3)));
    assertThat(swapped.shape()).containsExactly(5L, 3L);
    assertThat(floats(swapped, chunk))
        .containsExactly(9, 10, 11, 12, 13, 14, 0, 1, 2, 3, 4, 5, 6, 7, 8);
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 12, 1000})
  void transposes(int chunk) {
    TensorSource t = counting("w", 2, 3, 0).transpose();
    assertThat(t.shape()).containsExactly(3L, 2L);
    assertThat(floats(t, chunk)).containsExactly(0, 3, 1, 4, 2, 5);
    assertThat(floats(t.transpose(), chunk)).containsExactly(0, 1, 2, 3, 4, 5);
    assertThat(floats(t.rows(1, 3), chunk)).containsExactly(1, 4, 2, 5);
  }

  @ParameterizedTest
  @EnumSource(names = {"U8", "F16", "F32", "F64"})
  void transposes_elements_of_every_width(StoredType type) {
    int bytes = type.bits() / 8;
    ByteBuffer data = ByteBuffer.allocate(6 * bytes);
    for (int i = 0; i < data.capacity(); i++) {
      data.put(i, (byte) i);
    }
    TensorSource w = new TensorSource("w", type, List.of(2L, 3L), () -> data);
    ByteBuffer out = read(w.transpose(), 2 * bytes);
    int[] order = {0, 3, 1, 4, 2, 5};
    for (int i = 0; i < 6; i++) {
      for (int b = 0; b < bytes; b++) {
        assertThat(out.get(i * bytes + b)).isEqualTo((byte) (order[i] * bytes + b));
      }
    }
  }

  @Test
  void transposes_matrices_whose_rows_or_columns_exceed_every_block() {
    for (long[] shape : new long[][] {{3, 400_000}, {400_000, 3}, {700, 600}}) {
      int rows = (int) shape[0];
      int columns = (int) shape[1];
      float[] t = floats(counting("w", rows, columns, 0).transpose(), 300_000);
      for (int i = 0; i < t.length; i += 997) {
        assertThat(t[i]).isEqualTo((float) (i % rows * columns + i / rows));
      }
    }
  }

  @Test
  void a_fused_projection_of_conv1d_layout_comes_apart_and_together_again() {
    long d = 6;
    TensorSource stored = counting("c_attn.weight", 6, 18, 0); // [in, out]
    TensorSource linear = stored.transpose(); // [out, in]
    List<TensorSource> qkv =
        List.of(linear.rows(0, d), linear.rows(d, 2 * d), linear.rows(2 * d, 3 * d));
    for (int i = 0; i < 3; i++) {
      float[] part = floats(qkv.get(i), 8);
      for (int out = 0; out < 6; out++) {
        for (int in = 0; in < 6; in++) {
          assertThat(part[out * 6 + in]).isEqualTo(in * 18 + i * 6 + out);
        }
      }
    }
    Path file = dir.resolve("m.safetensors");
    CheckpointWriter.writeFile(
        file, List.of(TensorSource.concatenate("c_attn.weight", qkv).transpose()));
    assertThat(Checkpoint.open(file).info("c_attn.weight").shape()).containsExactly(6L, 18L);
    assertThat(Checkpoint.open(file).floats("c_attn.weight")).isEqualTo(floats(stored, 4));
  }

  @Test
  void rows_of_a_file_are_still_mapped_and_what_is_computed_is_not() {
    Path file = dir.resolve("m.safetensors");
    CheckpointWriter.writeFile(file, List.of(counting("w", 4, 2, 0)));
    TensorSource w = Checkpoint.open(file).source("w");
    ByteBuffer pages = w.rows(1, 3).data().pages(0, 16).orElseThrow();
    assertThat(pages.isDirect()).isTrue();
    assertThat(pages.isReadOnly()).isTrue();
    assertThat(pages.getFloat(0)).isEqualTo(2);
    assertThat(w.transpose().data().pages(0, 4)).isEmpty();
    assertThat(w.as(StoredType.BF16).data().pages(0, 4)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 6, 1000})
  void narrows_to_the_nearest_even_and_keeps_nan(int chunk) {
    float[] values = {1f, 0x1.01p0f, 0x1.03p0f, -0f, Float.NaN, Float.NEGATIVE_INFINITY, 3e38f};
    for (StoredType type : List.of(StoredType.BF16, StoredType.F16)) {
      ByteBuffer out =
          read(
              TensorSource.floats("w", StoredType.F32, new long[] {7}, () -> values).as(type),
              chunk);
      for (int i = 0; i < values.length; i++) {
        assertThat(out.getShort(2 * i))
            .isEqualTo(
                type == StoredType.BF16 ? Floats.toBf16(values[i]) : Floats.toF16(values[i]));
      }
    }
    assertThat(Floats.toBf16(0x1.01p0f)).as("a tie goes to the even").isEqualTo((short) 0x3f80);
    assertThat(Floats.toBf16(0x1.03p0f)).isEqualTo((short) 0x3f82);
    assertThat(Float.isNaN(Floats.fromBf16(Floats.toBf16(Float.NaN)))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 12, 1000})
  void widens_bfloat16_exactly_from_a_file_or_anywhere_else(int chunk) {
    float[] values = {1.5f, -0f, Float.MIN_VALUE * 0x10000, Float.POSITIVE_INFINITY, -3e38f};
    TensorSource narrow = TensorSource.floats("w", StoredType.BF16, new long[] {5}, () -> values);
    Path file = dir.resolve("m.safetensors");
    CheckpointWriter.writeFile(file, List.of(narrow));
    for (TensorSource w : List.of(narrow, Checkpoint.open(file).source("w"))) {
      float[] wide = floats(w.as(StoredType.F32), chunk);
      for (int i = 0; i < wide.length; i++) {
        assertThat(Float.floatToRawIntBits(wide[i]))
            .isEqualTo(Float.floatToRawIntBits(Floats.fromBf16(Floats.toBf16(values[i]))));
      }
    }
  }

  @Test
  void rejects_what_does_not_fit() {
    TensorSource w = counting("w", 4, 2, 0);
    assertThatThrownBy(() -> w.rows(3, 5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("w [4, 2]", "[3, 5)");
    assertThatThrownBy(() -> TensorSource.concatenate("c", List.of(w, counting("v", 4, 3, 0))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("c: v F32 [4, 3]", "w F32 [4, 2]");
    assertThatThrownBy(() -> TensorSource.concatenate("c", List.of()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () ->
                new TensorSource("b", StoredType.F32, List.of(1L), () -> ByteBuffer.allocate(4))
                    .transpose())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("b F32 [1]");
    assertThatThrownBy(() -> w.as(StoredType.I64))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("I64");
  }
}
