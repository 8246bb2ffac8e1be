package dev.temper.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FloatsTest {
  private static final int INFINITY = 0x7c00;

  @Test
  void every_half_has_the_value_of_its_definition() {
    for (int bits = 0; bits < INFINITY; bits++) {
      int exponent = bits >> 10;
      int fraction = bits & 0x3ff;
      double value =
          exponent == 0
              ? Math.scalb((double) fraction, -24)
              : Math.scalb(1024.0 + fraction, exponent - 25);
      assertThat((double) Floats.fromF16((short) bits)).isEqualTo(value);
      assertThat(Float.floatToRawIntBits(Floats.fromF16((short) (bits | 0x8000))))
          .isEqualTo(Float.floatToRawIntBits((float) -value));
    }
    assertThat(Floats.fromF16((short) 0x7c00)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(Floats.fromF16((short) 0xfc00)).isEqualTo(Float.NEGATIVE_INFINITY);
  }

  @Test
  void every_half_and_bfloat16_survives_a_round_trip() {
    for (int bits = 0; bits < 0x10000; bits++) {
      float half = Floats.fromF16((short) bits);
      float brain = Floats.fromBf16((short) bits);
      if (Float.isNaN(half)) {
        assertThat(Float.isNaN(Floats.fromF16(Floats.toF16(half)))).isTrue();
      } else if (Floats.toF16(half) != (short) bits) {
        throw new AssertionError(Integer.toHexString(bits));
      }
      if (Float.isNaN(brain)) {
        assertThat(Float.isNaN(Floats.fromBf16(Floats.toBf16(brain)))).isTrue();
      } else if (Floats.toBf16(brain) != (short) bits) {
        throw new AssertionError(Integer.toHexString(bits));
      }
    }
  }

  @Test
  void every_tie_between_halves_goes_to_even_and_its_neighbours_to_the_nearer_one() {
    for (int low = 0; low < INFINITY; low++) {
      // 65504 is the largest finite half: beyond it, the spacing goes on to where 65536 would be.
      double above = low + 1 == INFINITY ? 65536 : Floats.fromF16((short) (low + 1));
      float middle = (float) ((Floats.fromF16((short) low) + above) / 2);
      checkTie(
          middle,
          low,
          Floats.toF16(middle),
          Floats.toF16(Math.nextDown(middle)),
          Floats.toF16(Math.nextUp(middle)));
      checkTie(
          -middle,
          low | 0x8000,
          Floats.toF16(-middle),
          Floats.toF16(-Math.nextDown(middle)),
          Floats.toF16(-Math.nextUp(middle)));
    }
  }

  @Test
  void every_tie_between_bfloat16s_goes_to_even_and_its_neighbours_to_the_nearer_one() {
    for (int low = 0; low < 0x7f80; low++) {
      float middle = Float.intBitsToFloat(low << 16 | 0x8000);
      checkTie(
          middle,
          low,
          Floats.toBf16(middle),
          Floats.toBf16(Math.nextDown(middle)),
          Floats.toBf16(Math.nextUp(middle)));
      checkTie(
          -middle,
          low | 0x8000,
          Floats.toBf16(-middle),
          Floats.toBf16(-Math.nextDown(middle)),
          Floats.toBf16(-Math.nextUp(middle)));
    }
  }

  private static void checkTie(float middle, int low, short tie, short before, short after) {
    int even = low + (low & 1);
    if (tie != (short) even || before != (short) low || after != (short) (low + 1)) {
      throw new AssertionError(
          "around "
              + middle
              + ": "
              + Integer.toHexString(before & 0xffff)
              + ", "
              + Integer.toHexString(tie & 0xffff)
              + ", "
              + Integer.toHexString(after & 0xffff)
              + " instead of "
              + Integer.toHexString(low)
              + ", "
              + Integer.toHexString(even));
    }
  }

  @Test
  void narrows_as_torch_does() {
    JsonNode golden = Golden.json("floats.json.gz");
    int[] inputs = hex(golden.get("float32").asText(), 8);
    int[] halves = hex(golden.get("to_float16").asText(), 4);
    int[] brains = hex(golden.get("to_bfloat16").asText(), 4);
    assertThat(inputs).hasSizeGreaterThan(2000);
    for (int i = 0; i < inputs.length; i++) {
      float x = Float.intBitsToFloat(inputs[i]);
      assertThat(Floats.toF16(x) & 0xffff).as("float16 of %s", x).isEqualTo(halves[i]);
      assertThat(Floats.toBf16(x) & 0xffff).as("bfloat16 of %s", x).isEqualTo(brains[i]);
    }
  }

  @Test
  void nan_of_any_payload_stays_nan_and_never_becomes_infinite() {
    for (int bits :
        new int[] {0x7f800001, 0x7fc00000, 0x7fffffff, 0xff800001, 0xffffffff, 0x7f8000ff}) {
      float nan = Float.intBitsToFloat(bits);
      assertThat(Floats.fromF16(Floats.toF16(nan))).isNaN();
      assertThat(Floats.fromBf16(Floats.toBf16(nan))).isNaN();
    }
  }

  @ParameterizedTest
  @CsvSource({"F8_E4M3, float8_e4m3fn", "F8_E5M2, float8_e5m2"})
  void every_8_bit_float_widens_as_torch_does(StoredType type, String key) {
    int[] expected = hex(Golden.json("floats.json.gz").get(key).asText(), 8);
    byte[] all = new byte[256];
    for (int i = 0; i < 256; i++) {
      all[i] = (byte) i;
    }
    float[] widened =
        Floats.widen(new TensorInfo("w", type, List.of(256L), 0, 256), ByteBuffer.wrap(all));
    for (int i = 0; i < 256; i++) {
      float want = Float.intBitsToFloat(expected[i]);
      if (Float.isNaN(want)) {
        assertThat(widened[i]).as("byte %d", i).isNaN();
      } else {
        assertThat(Float.floatToRawIntBits(widened[i])).as("byte %d", i).isEqualTo(expected[i]);
      }
    }
  }

  @Test
  void widens_whole_numbers_and_doubles() {
    assertThat(widen(StoredType.I64, 2, b -> b.putLong(-3).putLong(1L << 40)))
        .containsExactly(-3f, 0x1p40f);
    assertThat(widen(StoredType.I32, 2, b -> b.putInt(-3).putInt(70_000)))
        .containsExactly(-3f, 70_000f);
    assertThat(widen(StoredType.U8, 2, b -> b.put((byte) -1).put((byte) 1)))
        .containsExactly(255f, 1f);
    assertThat(widen(StoredType.I8, 2, b -> b.put((byte) -1).put((byte) 1)))
        .containsExactly(-1f, 1f);
    assertThat(widen(StoredType.BOOL, 2, b -> b.put((byte) 0).put((byte) 1)))
        .containsExactly(0f, 1f);
    assertThat(widen(StoredType.F64, 2, b -> b.putDouble(0.1).putDouble(1e300)))
        .containsExactly(0.1f, Float.POSITIVE_INFINITY);
  }

  private static float[] widen(
      StoredType type, int n, java.util.function.Consumer<ByteBuffer> fill) {
    // The values do not start at the buffer's beginning, and the buffer's byte order is not the
    // file's.
    ByteBuffer b = ByteBuffer.allocate(8 + n * type.bits() / 8).order(ByteOrder.LITTLE_ENDIAN);
    b.position(8);
    fill.accept(b);
    b.position(8).order(ByteOrder.BIG_ENDIAN);
    return Floats.widen(
        new TensorInfo("w", type, List.of((long) n), 0, (long) n * type.bits() / 8), b);
  }

  @Test
  void names_a_tensor_that_cannot_be_read_as_floats() {
    assertThatThrownBy(
            () ->
                Floats.widen(
                    new TensorInfo("z", StoredType.C64, List.of(1L), 0, 8), ByteBuffer.allocate(8)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("'z'")
        .hasMessageContaining("C64");
  }

  private static int[] hex(String digits, int width) {
    int[] out = new int[digits.length() / width];
    for (int i = 0; i < out.length; i++) {
      out[i] = Integer.parseUnsignedInt(digits, i * width, (i + 1) * width, 16);
    }
    return out;
  }
}
