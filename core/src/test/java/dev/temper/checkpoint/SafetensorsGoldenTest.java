package dev.temper.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The same bytes as the reference implementation writes, and its files read back. */
class SafetensorsGoldenTest {
  @TempDir Path dir;

  /** The bytes of the reference implementation's own serialization test. */
  @Test
  void writes_the_bytes_of_the_specification() {
    byte[] data = new byte[24];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) i;
    }
    Path file = dir.resolve("a.safetensors");
    CheckpointWriter.writeFile(
        file,
        List.of(
            new TensorSource(
                "attn.0", StoredType.F32, List.of(1L, 2L, 3L), () -> ByteBuffer.wrap(data))),
        Map.of());
    byte[] written = RawFile.read(file);
    assertThat(Arrays.copyOf(written, 8)).containsExactly(64, 0, 0, 0, 0, 0, 0, 0);
    assertThat(new String(written, 8, 64, StandardCharsets.UTF_8))
        .isEqualTo("{\"attn.0\":{\"dtype\":\"F32\",\"shape\":[1,2,3],\"data_offsets\":[0,24]}}");
    assertThat(Arrays.copyOfRange(written, 72, written.length)).isEqualTo(data);
  }

  @Test
  void writes_an_empty_file_as_an_empty_object_padded_to_eight() {
    Path file = dir.resolve("empty.safetensors");
    CheckpointWriter.writeFile(file, List.of(), Map.of());
    assertThat(RawFile.read(file)).isEqualTo(RawFile.of("{}      ", 0));
    assertThat(SafetensorsFile.open(file).names()).isEmpty();
  }

  @TestFactory
  Stream<DynamicTest> writes_and_reads_what_the_python_package_writes() {
    JsonNode cases = Golden.json("safetensors.json.gz").get("cases");
    assertThat(cases.size()).isGreaterThan(15);
    List<DynamicTest> tests = new ArrayList<>();
    cases.forEach(c -> tests.add(DynamicTest.dynamicTest(c.get("case").asText(), () -> check(c))));
    return tests.stream();
  }

  private void check(JsonNode golden) {
    List<TensorSource> tensors = new ArrayList<>();
    Map<String, byte[]> data = new LinkedHashMap<>();
    int k = 0;
    for (JsonNode t : golden.get("tensors")) {
      StoredType type = StoredType.valueOf(t.get("dtype").asText());
      List<Long> shape = new ArrayList<>();
      t.get("shape").forEach(d -> shape.add(d.asLong()));
      byte[] bytes = new byte[(int) (shape.stream().reduce(1L, (a, b) -> a * b) * type.bits() / 8)];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) (i * 7 + k * 31 + 1);
      }
      k++;
      String name = t.get("name").asText();
      if (data.put(name, bytes) != null) {
        // A Python dictionary keeps the place of the first and the value of the last.
        tensors.removeIf(s -> s.name().equals(name));
      }
      tensors.add(new TensorSource(name, type, shape, () -> ByteBuffer.wrap(bytes)));
    }
    Map<String, String> metadata = new LinkedHashMap<>();
    golden
        .get("metadata")
        .properties()
        .forEach(e -> metadata.put(e.getKey(), e.getValue().asText()));
    byte[] expected = Base64.getDecoder().decode(golden.get("file").asText());

    Collections.reverse(tensors);
    Path ours = dir.resolve("ours.safetensors");
    CheckpointWriter.writeFile(ours, tensors, metadata);
    assertThat(readable(RawFile.read(ours))).isEqualTo(readable(expected));
    assertThat(RawFile.read(ours)).isEqualTo(expected);

    SafetensorsFile read =
        SafetensorsFile.open(RawFile.write(dir.resolve("theirs.safetensors"), expected));
    assertThat(read.metadata()).isEqualTo(metadata);
    assertThat(read.names()).containsExactlyInAnyOrderElementsOf(data.keySet());
    for (TensorSource t : tensors) {
      assertThat(read.info(t.name()).type()).isEqualTo(t.type());
      assertThat(read.info(t.name()).shape()).isEqualTo(t.shape());
      assertThat(RawFile.bytes(read.bytes(t.name()))).as(t.name()).isEqualTo(data.get(t.name()));
    }
  }

  /** The header as text: a difference there is readable, one in bytes is not. */
  private static String readable(byte[] file) {
    return new String(file, 8, (file[0] & 0xff) | ((file[1] & 0xff) << 8), StandardCharsets.UTF_8);
  }
}
