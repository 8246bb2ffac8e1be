package dev.temper.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigJsonTest {
  @TempDir Path dir;

  private void rejects(String json, String message) throws IOException {
    Files.writeString(dir.resolve("config.json"), json);
    assertThatThrownBy(() -> ConfigJson.read(dir))
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith(dir.resolve("config.json").toString())
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama2",
        "llama3",
        "llama_sharded",
        "llama_bf16",
        "llama_rope_yarn",
        "llama_rope_dynamic"
      })
  void what_transformers_wrote_is_written_again_byte_for_byte(String model) {
    ConfigJson.write(dir, ConfigJson.read(Golden.model(model)));
    assertThat(RawFile.read(dir.resolve("config.json")))
        .isEqualTo(RawFile.read(Golden.model(model).resolve("config.json")));
  }

  @Test
  void keeps_the_order_and_the_keys_nobody_knows() throws IOException {
    String text =
        """
        {
          "z": 1,
          "a": {
            "unknown": [
              1,
              [],
              {},
              null,
              true,
              [
                "x"
              ]
            ]
          },
          "big": 123456789012345678901234567890,
          "text": "\\u00fc \\ud83d\\ude00 \\" \\\\ / \\n \\u001f \\u2028",
          "limits": [
            0.0,
            Infinity,
            -Infinity,
            NaN
          ]
        }
        """;
    Files.writeString(dir.resolve("config.json"), text);
    ObjectNode config = ConfigJson.read(dir);
    assertThat(config.fieldNames()).toIterable().containsExactly("z", "a", "big", "text", "limits");
    ConfigJson.write(dir, config);
    assertThat(Files.readString(dir.resolve("config.json"))).isEqualTo(text);
  }

  /** Right: Python's {@code repr}. */
  @ParameterizedTest
  @CsvSource({
    "1e-5, 1e-05", "0.00001234, 1.234e-05", "1e-4, 0.0001", "0.02, 0.02", "1E6, 1000000.0",
        "10000.0, 10000.0", "1e15, 1000000000000000.0",
    "1e16, 1e+16", "1.5e300, 1.5e+300", "-2.5e-7, -2.5e-07", "0.0, 0.0", "-0.0, -0.0",
        "123456.789, 123456.789", "1e-100, 1e-100",
    "0.1, 0.1", "-1.0, -1.0", "5e-324, 5e-324", "1.7976931348623157e308, 1.7976931348623157e+308"
  })
  void floats_look_as_python_writes_them(double value, String expected) throws IOException {
    ObjectNode config = new ObjectMapper().createObjectNode().put("x", value);
    ConfigJson.write(dir, config);
    assertThat(Files.readString(dir.resolve("config.json")))
        .isEqualTo("{\n  \"x\": " + expected + "\n}\n");
    assertThat(ConfigJson.read(dir).get("x").doubleValue()).isEqualTo(value);
  }

  @Test
  void a_single_precision_number_keeps_its_own_digits() throws IOException {
    ConfigJson.write(dir, new ObjectMapper().createObjectNode().put("x", 0.1f));
    assertThat(Files.readString(dir.resolve("config.json"))).contains("\"x\": 0.1\n");
  }

  @Test
  void says_which_file_is_missing() {
    assertThatThrownBy(() -> ConfigJson.read(dir))
        .isInstanceOf(CheckpointException.class)
        .hasMessage(dir.resolve("config.json") + ": missing; a model directory needs it");
    assertThatThrownBy(() -> ConfigJson.read(dir.resolve("nowhere")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("no directory " + dir.resolve("nowhere"));
  }

  @Test
  void rejects_what_is_not_one_json_object() throws IOException {
    rejects("", "must be a JSON object, not empty");
    rejects("[]", "must be a JSON object, not a JSON ARRAY");
    rejects("null", "must be a JSON object");
    rejects("{", "not valid JSON");
    rejects("{\"a\": 1,}", "not valid JSON");
    rejects("{\"a\": 1} {\"b\": 2}", "not valid JSON");
    rejects("{\"a\": 1, \"a\": 2}", "uplicate");
    rejects("{\"a\":" + "[".repeat(5_000) + "]".repeat(5_000) + "}", "not valid JSON");
    Files.write(dir.resolve("config.json"), new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'});
    assertThatThrownBy(() -> ConfigJson.read(dir))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("not valid JSON");
  }

  @Test
  void leaves_no_temporary_file() {
    ConfigJson.write(dir, new ObjectMapper().createObjectNode());
    assertThat(dir.toFile().list()).containsExactly("config.json");
    assertThat(dir.resolve("config.json")).hasContent("{}");
  }
}
