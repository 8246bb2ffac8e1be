package dev.temper.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged and hostile files: one clear error each, before anything is allocated for them. */
class SafetensorsRejectionTest {
  @TempDir Path dir;

  private static final String SOUND =
      "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'b':{'dtype':'U8','shape':[4],'data_offsets':[8,12]}}";

  private void rejects(byte[] file, String... messageParts) {
    Path path = RawFile.write(dir.resolve("x.safetensors"), file);
    assertThatThrownBy(() -> SafetensorsFile.open(path))
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith(path.toString())
        .hasMessageContainingAll(messageParts);
  }

  private void rejects(String header, int dataBytes, String... messageParts) {
    rejects(RawFile.of(header.replace('\'', '"'), dataBytes), messageParts);
  }

  @Test
  void the_sound_file_these_tests_damage_is_accepted() {
    Path path =
        RawFile.write(dir.resolve("x.safetensors"), RawFile.of(SOUND.replace('\'', '"'), 12));
    assertThat(SafetensorsFile.open(path).names()).containsExactly("a", "b");
  }

  @Test
  void rejects_every_truncation_and_every_extension() {
    byte[] sound = RawFile.of(SOUND.replace('\'', '"'), 12);
    for (int n = 0; n < sound.length; n++) {
      rejects(
          Arrays.copyOf(sound, n),
          n >= sound.length - 12 ? "truncated; copy or download it again" : "truncated");
    }
    rejects(Arrays.copyOf(sound, sound.length + 1), "belong to no tensor");
  }

  @Test
  void rejects_a_missing_file_and_a_directory() {
    Path missing = dir.resolve("missing.safetensors");
    assertThatThrownBy(() -> SafetensorsFile.open(missing))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("missing.safetensors");
    assertThatThrownBy(() -> SafetensorsFile.open(dir))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(dir.toString());
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 100_000_001, 1L << 40, 200})
  void rejects_a_header_length_that_cannot_be(long claimed) {
    rejects(
        RawFile.of(claimed, SOUND.replace('\'', '"').getBytes(StandardCharsets.UTF_8), 12),
        "the header claims " + Long.toUnsignedString(claimed) + " bytes");
  }

  @Test
  void rejects_an_oversized_header_even_if_the_file_is_that_large() throws IOException {
    Path path = dir.resolve("x.safetensors");
    try (RandomAccessFile f = new RandomAccessFile(path.toFile(), "rw")) {
      f.write(RawFile.of(SafetensorsHeader.MAX_BYTES + 1, new byte[0], 0));
      f.setLength(SafetensorsHeader.MAX_BYTES + 100);
    }
    assertThatThrownBy(() -> SafetensorsFile.open(path))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("at most 100000000");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "  {}", "x{}", "\"a\"", "null", "\uFEFF{}"})
  void rejects_a_header_that_does_not_start_with_a_brace(String header) {
    rejects(header, 0, "does not start with '{'");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "{'a'",
        "{'a':",
        "{}}",
        "{} {}",
        "{}x",
        "{'__metadata__':{},}",
        "{a:1}",
        "{'__metadata__':{'a':'b'}",
        "{\0\0\0"
      })
  void rejects_a_header_that_is_not_one_json_object(String header) {
    rejects(header, 0, "header");
  }

  @Test
  void rejects_a_json_bomb() {
    rejects("{'a':" + "[".repeat(100_000) + "]".repeat(100_000) + "}", 0, "'a'");
    rejects("{'a':" + "{'a':".repeat(50_000) + "1" + "}".repeat(50_001), 0, "'a'");
    rejects(
        "{'__metadata__':" + "{'a':".repeat(50_000) + "'1'" + "}".repeat(50_001),
        0,
        "__metadata__");
    rejects(
        "{'a':{'dtype':'F32','shape':[" + "1,".repeat(100_000) + "1],'data_offsets':[0,4]}}",
        4,
        "at most 64");
  }

  @Test
  void rejects_a_header_that_is_not_utf_8() {
    byte[] header = SOUND.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    for (int bad : new int[] {0xff, 0xc0, 0x80, 0xed}) {
      header[2] = (byte) bad;
      rejects(RawFile.of(header, 12), "not UTF-8");
    }
  }

  @Test
  void rejects_duplicate_names_and_keys() {
    rejects(
        "{'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1]},'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1]}}",
        1,
        "uplicate",
        "'a'");
    rejects(
        "{'a':{'dtype':'U8','dtype':'I8','shape':[1],'data_offsets':[0,1]}}",
        1,
        "uplicate",
        "'dtype'");
    rejects("{'__metadata__':{'k':'1','k':'2'}}", 0, "uplicate", "'k'");
    rejects("{'__metadata__':{},'__metadata__':{}}", 0, "uplicate", "__metadata__");
    // The same name, once written with an escape.
    rejects(
        "{'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1]},'\\u0061':{'dtype':'U8','shape':[1],'data_offsets':[0,1]}}",
        1,
        "uplicate");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'a':1}|must be an object",
        "{'a':null}|must be an object",
        "{'a':[]}|must be an object",
        "{'a':{}}|needs dtype, shape and two data_offsets",
        "{'a':{'dtype':'U8','shape':[4]}}|needs dtype",
        "{'a':{'dtype':'U8','data_offsets':[0,4]}}|needs dtype",
        "{'a':{'shape':[4],'data_offsets':[0,4]}}|needs dtype",
        "{'a':{'dtype':'U8','shape':[4],'data_offsets':[0]}}|two data_offsets",
        "{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4,4]}}|at most 2",
        "{'a':{'dtype':'U8','shape':[4],'data_offsets':[]}}|two data_offsets",
        "{'a':{'dtype':'F33','shape':[1],'data_offsets':[0,4]}}|unknown dtype F33",
        "{'a':{'dtype':'f32','shape':[1],'data_offsets':[0,4]}}|unknown dtype f32",
        "{'a':{'dtype':7,'shape':[1],'data_offsets':[0,4]}}|unknown dtype",
        "{'a':{'dtype':'U8','shape':4,'data_offsets':[0,4]}}|shape must be an array",
        "{'a':{'dtype':'U8','shape':['4'],'data_offsets':[0,4]}}|integers",
        "{'a':{'dtype':'U8','shape':[4.0],'data_offsets':[0,4]}}|integers",
        "{'a':{'dtype':'U8','shape':[null],'data_offsets':[0,4]}}|integers",
        "{'a':{'dtype':'U8','shape':[[4]],'data_offsets':[0,4]}}|integers",
        "{'a':{'dtype':'U8','shape':[-4],'data_offsets':[0,4]}}|negative number -4",
        "{'a':{'dtype':'U8','shape':[-2,-2],'data_offsets':[0,4]}}|negative number -2",
        "{'a':{'dtype':'U8','shape':[4],'data_offsets':[-4,0]}}|negative number -4",
        "{'a':{'dtype':'U8','shape':[4],'data_offsets':[4,0]}}|needs 4.0 bytes",
        "{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,3]}}|hold 3",
        "{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,99999999999999999999]}}|out of range",
        "{'a':{'dtype':'U8','shape':[9223372036854775808],'data_offsets':[0,4]}}|out of range",
        "{'a':{'dtype':'U8','shape':[1e999],'data_offsets':[0,4]}}|integers",
        "{'a':{'dtype':'U8','shape':[4294967296,4294967296],'data_offsets':[0,4]}}|overflows",
        "{'a':{'dtype':'U8','shape':[9223372036854775807,3],'data_offsets':[0,4]}}|overflows",
        "{'a':{'dtype':'F64','shape':[2305843009213693952],'data_offsets':[0,4]}}|overflows",
        "{'a':{'dtype':'F4','shape':[3],'data_offsets':[0,1]}}|needs 1.5 bytes",
        "{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4],'more':1}}|unknown key 'more'",
        "{'a':{'dtype':'U8','shape':[1152921504606846975],'data_offsets':[0,1152921504606846975]}}|truncated",
        "{'__metadata__':[]}|object of strings",
        "{'__metadata__':'pt'}|object of strings",
        "{'__metadata__':{'format':1}}|must be a string",
        "{'__metadata__':{'format':null}}|must be a string",
        "{'__metadata__':{'format':{}}}|must be a string",
      },
      quoteCharacter = '`')
  void rejects_an_entry_that_makes_no_sense(String header, String message) {
    rejects(header, 4, message);
  }

  @Test
  void rejects_overlapping_tensors() {
    rejects(
        "{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]},'b':{'dtype':'U8','shape':[4],'data_offsets':[2,6]}}",
        6,
        "'b'",
        "'a'",
        "they overlap");
    rejects(
        "{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]},'b':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}}",
        4,
        "they overlap");
    rejects(
        "{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]},'b':{'dtype':'U8','shape':[0],'data_offsets':[2,2]}}",
        4,
        "they overlap");
  }

  @Test
  void rejects_holes() {
    rejects(
        "{'a':{'dtype':'U8','shape':[4],'data_offsets':[1,5]}}", 5, "'a'", "the header", "hole");
    rejects(
        "{'a':{'dtype':'U8','shape':[2],'data_offsets':[0,2]},'b':{'dtype':'U8','shape':[2],'data_offsets':[3,5]}}",
        5,
        "'b'",
        "'a'",
        "hole");
  }

  @Test
  void accepts_any_order_scalars_and_empty_tensors() {
    String header =
        "{'b':{'shape':[],'data_offsets':[4,6],'dtype':'F16'},'z':{'dtype':'F32','shape':[3,0],'data_offsets':[4,4]},"
            + "'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]},'__metadata__':{'k':'v'}}";
    SafetensorsFile f =
        SafetensorsFile.open(
            RawFile.write(dir.resolve("x.safetensors"), RawFile.of(header.replace('\'', '"'), 6)));
    assertThat(f.names()).containsExactly("b", "z", "a");
    assertThat(f.metadata()).containsEntry("k", "v");
    assertThat(f.info("b").elements()).isEqualTo(1);
    assertThat(RawFile.bytes(f.bytes("b"))).containsExactly(4, 5);
    assertThat(f.bytes("z").remaining()).isZero();
    assertThat(RawFile.bytes(f.bytes("a", 1, 2))).containsExactly(1, 2);
  }

  @ParameterizedTest
  @CsvSource({
    "-1, 1",
    "0, 13",
    "1, 12",
    "0, -1",
    "9223372036854775807, 1",
    "9223372036854775807, 2147483647",
    "13, 0"
  })
  void rejects_a_part_outside_the_tensor(long offset, int length) {
    SafetensorsFile f =
        SafetensorsFile.open(
            RawFile.write(
                dir.resolve("x.safetensors"),
                RawFile.of(
                    "{\"a\":{\"dtype\":\"U8\",\"shape\":[12],\"data_offsets\":[0,12]}}", 12)));
    assertThatThrownBy(() -> f.bytes("a", offset, length))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("outside its 12 bytes");
  }

  @Test
  void notices_a_file_cut_short_after_it_was_opened() {
    Path path =
        RawFile.write(dir.resolve("x.safetensors"), RawFile.of(SOUND.replace('\'', '"'), 12));
    SafetensorsFile f = SafetensorsFile.open(path);
    RawFile.write(path, new byte[20]);
    assertThatThrownBy(() -> f.bytes("b"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("cut short");
  }

  @Test
  void names_the_nearest_tensor_when_one_is_missing() {
    SafetensorsFile f =
        SafetensorsFile.open(
            RawFile.write(
                dir.resolve("x.safetensors"),
                RawFile.of(
                    "{\"model.norm.weight\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
                    1)));
    assertThatThrownBy(() -> f.info("model.norm.weigth"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("no tensor 'model.norm.weigth'; did you mean 'model.norm.weight'?");
    assertThatThrownBy(() -> f.bytes("lm_head"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageEndingWith("no tensor 'lm_head'");
  }
}
