package dev.temper.checkpoint.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class QuantizerTest {
  @Test
  void equals_ggml_on_a_ramp() {
    float[] ramp = new float[32];
    for (int i = 0; i < 32; i++) {
      ramp[i] = (i - 15.5f) / 10;
    }
    assertThat(HexFormat.of().formatHex(quantize(GgufType.Q8_0, ramp)))
        .isEqualTo("40228189919aa2aab2bac3cbd3dbe3ecf4fc040c141d252d353d464e565e666f777f");
    assertThat(HexFormat.of().formatHex(quantize(GgufType.Q4_0, ramp)))
        .isEqualTo("3332809191a2a2b3b3c4c4d5d5e6e6f7f7f8");
  }

  @Test
  void equals_ggml_on_random_rows() {
    equalsGolden(GgufType.Q8_0, Golden.buffer("gguf/ggml_q8_0.bin"), 128);
    equalsGolden(GgufType.Q4_0, Golden.buffer("gguf/ggml_q4_0.bin"), 128);
  }

  @Test
  void equals_the_python_package_on_large_small_zero_and_tied_blocks() {
    ByteBuffer golden = Golden.buffer("gguf/quantize.bin.gz");
    float[] values = floats(golden, golden.getInt());
    assertThat(quantize(GgufType.Q8_0, values)).isEqualTo(bytes(golden, values.length / 32 * 34));
    assertThat(quantize(GgufType.Q4_0, values)).isEqualTo(bytes(golden, values.length / 32 * 18));
    assertThat(golden.hasRemaining()).isFalse();
  }

  @Test
  void a_block_too_small_for_a_scale_becomes_zeros() {
    float[] tiny = new float[32];
    java.util.Arrays.fill(tiny, 1e-40f);
    ByteBuffer stored =
        ByteBuffer.wrap(quantize(GgufType.Q8_0, tiny)).order(ByteOrder.LITTLE_ENDIAN);
    float[] back = new float[32];
    Dequantizer.dequantize(GgufType.Q8_0, stored, back, 0, 32);
    assertThat(back).containsOnly(0f);
  }

  @Test
  void refuses_what_a_block_or_a_half_cannot_hold() {
    float[] bad = new float[32];
    bad[7] = Float.NaN;
    assertThatThrownBy(() -> quantize(GgufType.Q4_0, bad)).hasMessageContaining("NaN");
    bad[7] = 1e9f;
    assertThatThrownBy(() -> quantize(GgufType.Q8_0, bad)).hasMessageContaining("65504");
    assertThatThrownBy(() -> quantize(GgufType.F16, bad)).hasMessageContaining("BF16");
  }

  private static void equalsGolden(GgufType type, ByteBuffer golden, int count) {
    float[] values = floats(golden, count);
    assertThat(quantize(type, values)).isEqualTo(bytes(golden, golden.remaining()));
  }

  private static float[] floats(ByteBuffer from, int count) {
    float[] out = new float[count];
    for (int i = 0; i < count; i++) {
      out[i] = from.getFloat();
    }
    return out;
  }

  private static byte[] bytes(ByteBuffer from, int count) {
    byte[] out = new byte[count];
    from.get(out);
    return out;
  }

  private static byte[] quantize(GgufType type, float[] values) {
    ByteBuffer out =
        ByteBuffer.allocate((int) type.bytes(values.length)).order(ByteOrder.LITTLE_ENDIAN);
    Quantizer.quantize(type, values, 0, values.length, out);
    return out.array();
  }
}
