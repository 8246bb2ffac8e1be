package dev.temper.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.temper.text.GoldenFiles;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Broken and hostile templates end quickly, with text or a {@link JinjaException}, and nothing
 * else.
 */
class JinjaFuzzTest {
  private static final JinjaLimits LIMITS = new JinjaLimits(300_000, 4_000_000, 1200);
  private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
  private static final String[] PIECES = {
    "{%",
    "%}",
    "{{",
    "}}",
    "{#",
    "#}",
    "{%-",
    "-%}",
    "{% raw %}",
    "{% endraw %}",
    "{% if x %}",
    "{% endif %}",
    "{% else %}",
    "{% for x in range(99999) %}",
    "{% for k, v in m.items() recursive %}",
    "{{ loop(x) }}",
    "{% endfor %}",
    "{% break %}",
    "{% continue %}",
    "{% macro r(n) %}{{ r(n) }}",
    "{% endmacro %}",
    "{{ r(1) }}",
    "{% set ns.a = [ns.a, ns.a] %}",
    "{% set ns = namespace(a='ab') %}",
    "{% set ns.a = ns.a + ns.a %}",
    "{% set ns.a = ns.a ~ ns.a %}",
    "{{ ns }}",
    "{% generation %}",
    "{% endgeneration %}",
    "{% call r() %}",
    "{% filter upper %}",
    "{% endfilter %}",
    "{% set x %}",
    "{% endset %}",
    "{% with x = 1 %}",
    "{% endwith %}",
    "{% block b %}",
    " * 99999999",
    " ** 99999999",
    " ** 0.5",
    " // 0",
    " % 3",
    " ~ ",
    " if ",
    " else ",
    " and ",
    " or ",
    " not ",
    " in ",
    " is ",
    "[::-1]",
    "[1:]",
    "['a']",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "((((((((",
    "[[[[[[[[",
    "- - - -",
    "'",
    "\"",
    "\\",
    "\n",
    " ",
    "\u00a0",
    "\ud83d",
    "é",
    "|tojson",
    "|list",
    "|map('upper')",
    "|join",
    "|length",
    "|sort",
    "|indent(999999999)",
    "|center(999999999)",
    "|batch(3)",
    "|slice(99999999)",
    "|groupby('role')",
    "|selectattr('role')",
    "|round(99999)",
    "|int",
    "|float",
    "|format(1)",
    "'%0999999999d' % 1",
    "'{:999999999}'.format(1)",
    ".format(x)",
    ".replace('', 'xx')",
    ".split()",
    ".rsplit('a')",
    ".splitlines()",
    ".ljust(999999999)",
    ".zfill(999999999)",
    ".__class__",
    "._x",
    ".append(1)",
    "range(1, 99999)",
    "dict(a=1)",
    "cycler(1)",
    "joiner()",
    "raise_exception('x')",
    "strftime_now('%Y')",
    "messages",
    "message",
    "loop.length",
    "loop.nextitem",
    "caller()",
    "varargs",
    "kwargs",
    "self",
    "none",
    "true",
    "1e308",
    "99999999999999999999"
  };

  private static final List<String> SOURCES = sources();

  private static List<String> sources() {
    List<String> sources = new ArrayList<>();
    for (JsonNode row : GoldenFiles.json("jinja-conformance.json.gz").get("rows")) {
      sources.add(row.get("template").asText());
    }
    Stream.of("templates-trl", "templates-llama_cpp", "templates-mistral-common")
        .flatMap(file -> GoldenFiles.stream(GoldenFiles.json(file + ".json.gz").get("templates")))
        .forEach(template -> sources.add(template.get("template").asText()));
    return sources;
  }

  private static Map<String, Object> variables() {
    JsonNode cases = GoldenFiles.json("templates-trl.json.gz").at("/inputs/cases");
    JsonNode chat =
        GoldenFiles.stream(cases)
            .filter(c -> c.get("id").asText().equals("tool_roundtrip_answer+gen"))
            .findFirst()
            .orElseThrow();
    ObjectMapper json = new ObjectMapper();
    Map<String, Object> variables = new HashMap<>();
    variables.put(
        "messages", json.convertValue(chat.get("messages"), new TypeReference<List<Object>>() {}));
    variables.put(
        "tools", json.convertValue(chat.get("tools"), new TypeReference<List<Object>>() {}));
    variables.put("add_generation_prompt", true);
    variables.put("x", 3);
    variables.put("l", List.of(3, 1, 2));
    variables.put("s", "some text é😀");
    variables.put("m", Map.of("a", 1, "b", Map.of("c", List.of(1.5))));
    return variables;
  }

  @Test
  @Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void five_thousand_mutated_templates_end_cleanly() {
    fuzz(5_000, 20261125);
  }

  @Test
  @Tag("slow")
  @Timeout(value = 20, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void a_hundred_thousand_mutated_templates_end_cleanly() {
    fuzz(100_000, 7);
  }

  private static void fuzz(int count, long seed) {
    Map<String, Object> variables = variables();
    int rendered = 0;
    for (int i = 0; i < count; i++) {
      Random random = new Random(seed + i);
      String template = mutate(random);
      long start = System.nanoTime();
      try {
        JinjaTemplate.parse(template).render(variables, CLOCK, LIMITS);
        rendered++;
      } catch (JinjaException e) {
        assertThat(e.detail()).isNotNull();
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + (seed + i) + ", template: " + template, e);
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      assertThat(seconds).as("seed %d, template: %s", seed + i, template).isLessThan(10);
    }
    assertThat(rendered).as("some templates survive their mutations").isGreaterThan(count / 100);
  }

  private static String mutate(Random random) {
    StringBuilder text = new StringBuilder(SOURCES.get(random.nextInt(SOURCES.size())));
    int mutations = 1 + random.nextInt(4);
    for (int i = 0; i < mutations; i++) {
      int at = random.nextInt(text.length() + 1);
      switch (random.nextInt(6)) {
        case 0 -> text.delete(at, Math.min(text.length(), at + 1 + random.nextInt(20)));
        case 1 ->
            text.insert(at, text.substring(at, Math.min(text.length(), at + random.nextInt(200))));
        case 2 -> {
          String other = SOURCES.get(random.nextInt(SOURCES.size()));
          int from = random.nextInt(other.length() + 1);
          text.insert(at, other, from, Math.min(other.length(), from + random.nextInt(300)));
        }
        case 3 -> {
          if (at < text.length()) {
            text.setCharAt(at, (char) (32 + random.nextInt(96)));
          }
        }
        default -> text.insert(at, PIECES[random.nextInt(PIECES.length)]);
      }
    }
    return text.toString();
  }
}
