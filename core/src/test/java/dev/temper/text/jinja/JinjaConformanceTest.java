package dev.temper.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.temper.text.GoldenFiles;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every snippet of the conformance file, against what jinja2 in transformers' configuration gives.
 */
class JinjaConformanceTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final JsonNode GOLDEN = GoldenFiles.json("jinja-conformance.json.gz");

  /** What this engine leaves out. Each must be an error, never other text. */
  private static final Set<String> LEFT_OUT =
      Set.of(
          "filters-077", // striptags
          "filters-086", // wordwrap
          "filters-091", // pprint
          "string_methods-123", // encode: bytes
          "security-322", // lipsum
          "security-323", // lipsum
          "numbers-348"); // complex numbers

  static Stream<Arguments> rows() {
    return GoldenFiles.stream(GOLDEN.get("rows"))
        .map(row -> Arguments.of(row.get("id").asText(), row));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rows")
  void agrees_with_jinja2(String id, JsonNode row) {
    Map<String, Object> context = JSON.convertValue(row.get("context"), new TypeReference<>() {});
    Clock clock =
        Clock.fixed(
            LocalDateTime.parse(GOLDEN.get("frozen_now").asText()).toInstant(ZoneOffset.UTC),
            ZoneOffset.UTC);
    JsonNode expected = row.get("expected");
    String text;
    try {
      text =
          JinjaTemplate.parse(row.get("template").asText())
              .render(context, clock, JinjaLimits.DEFAULT)
              .text();
    } catch (JinjaException e) {
      if (LEFT_OUT.contains(id)) {
        return;
      }
      if (!expected.has("error")) {
        throw e;
      }
      assertThat(e.kind().name().toLowerCase(Locale.ROOT))
          .as(e.getMessage())
          .isEqualTo(expected.at("/error/kind").asText());
      if (e.kind() == JinjaException.Kind.RAISE_EXCEPTION) {
        assertThat(e.detail()).isEqualTo(expected.at("/error/message").asText());
      }
      return;
    }
    if (expected.has("error")) {
      fail("printed <" + text + "> instead of " + expected.get("error"));
    }
    assertThat(text).isEqualTo(expected.get("text").asText());
    assertThat(LEFT_OUT).as("a row that works is not left out").doesNotContain(id);
  }
}
