package dev.temper.checkpoint.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufFileTest {
  @TempDir Path dir;

  @Test
  void reads_every_kind_of_metadata() {
    GgufMetadata m = GgufFile.open(Golden.file(dir, "types.gguf")).metadata();
    assertThat(m.text("general.architecture")).contains("llama");
    assertThat(m.whole("a.u8")).hasValue(250);
    assertThat(m.whole("a.i8")).hasValue(-5);
    assertThat(m.whole("a.u16")).hasValue(65000);
    assertThat(m.whole("a.i16")).hasValue(-300);
    assertThat(m.whole("a.u32")).hasValue(4_000_000_000L);
    assertThat(m.whole("a.i32")).hasValue(-70000);
    assertThat(m.whole("a.i64")).hasValue(-(1L << 40));
    assertThat(m.get("a.u64"))
        .contains(new GgufValue.Whole(GgufValue.Kind.UINT64, Long.MIN_VALUE + 5));
    assertThat(m.real("a.f32")).hasValue(0.1f);
    assertThat(m.real("a.f64")).hasValue(0.1);
    assertThat(m.flag("a.yes")).contains(true);
    assertThat(m.flag("a.no")).contains(false);
    assertThat(m.text("a.text")).contains("Grüße ▁ 🙂");
    assertThat(m.wholes("a.ints").orElseThrow()).containsExactly(1, -2, 3);
    assertThat(m.reals("a.floats").orElseThrow()).containsExactly(0.5, -1.25);
    assertThat(m.texts("a.texts")).contains(List.of("a", "", "ü"));
    assertThat(((GgufValue.Flags) m.get("a.flags").orElseThrow()).values())
        .containsExactly(true, false, true);
    List<GgufValue> nested = ((GgufValue.Nested) m.get("a.nested").orElseThrow()).values();
    assertThat(((GgufValue.Wholes) nested.get(0)).values()).containsExactly(1, 2);
    assertThat(((GgufValue.Wholes) nested.get(1)).values()).containsExactly(3);
  }

  @Test
  void dequantises_every_readable_type_bit_for_bit() {
    GgufFile file = GgufFile.open(Golden.file(dir, "types.gguf"));
    ByteBuffer expected = Golden.buffer("gguf/types.f32.gz");
    for (GgufType type :
        List.of(
            GgufType.F32,
            GgufType.F16,
            GgufType.BF16,
            GgufType.Q4_0,
            GgufType.Q4_1,
            GgufType.Q5_0,
            GgufType.Q5_1,
            GgufType.Q8_0,
            GgufType.Q2_K,
            GgufType.Q3_K,
            GgufType.Q4_K,
            GgufType.Q5_K,
            GgufType.Q6_K,
            GgufType.IQ4_NL,
            GgufType.IQ4_XS)) {
      assertThat(file.info(type.name()).type()).isEqualTo(type);
      for (float value : file.floats(type.name())) {
        assertThat(Float.floatToRawIntBits(value)).as(type.name()).isEqualTo(expected.getInt());
      }
    }
    assertThat(expected.hasRemaining()).isFalse();
    assertThat(file.floats("scalar")).containsExactly(2.5f);
  }

  @Test
  void reads_a_tensor_in_parts() {
    GgufFile file = GgufFile.open(Golden.file(dir, "types.gguf"));
    float[] whole = file.floats("Q5_K");
    float[] part = new float[500];
    file.values("Q5_K").read(250, part, 10, 480);
    for (int i = 0; i < 480; i++) {
      assertThat(part[10 + i]).isEqualTo(whole[250 + i]);
    }
    assertThat(part[9]).isZero();
    assertThat(part[490]).isZero();
  }

  @Test
  void shapes_are_outermost_first() {
    assertThat(GgufFile.open(Golden.file(dir, "types.gguf")).info("Q4_K").shape())
        .containsExactly(4L, 256L);
  }
}
